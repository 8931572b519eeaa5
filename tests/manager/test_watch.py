"""The pulses of all members, told by a heart that the test moves: what a real one cannot be made to do in order."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from cctrl.manager.watch import Watch
from cctrl.outcome import Unreachable
from cctrl.replication.beat import Beat, Pulse, notable, parse
from cctrl.replication.position import Position

LINE = "standby|0/3000148|0/3000100|streaming|10.0.0.1|5432"
PERIOD = 0.05


class Heart:
    """Members whose beats come from queues; None ends a stream, an error breaks it."""

    def __init__(self, *members: str) -> None:
        self.beats: dict[str, queue.Queue[Beat | Exception | None]] = {name: queue.Queue() for name in members}
        self.opened: queue.Queue[str] = queue.Queue()

    def pulse(self, member: str, period: float, stop: Event) -> Iterator[Beat]:
        self.opened.put(member)
        while not stop.is_set():
            try:
                beat = self.beats[member].get(timeout=period)
            except queue.Empty:
                continue
            if beat is None:
                return
            if isinstance(beat, Exception):
                raise beat
            yield beat


@pytest.fixture
def heart() -> Heart:
    return Heart("host1")


@pytest.fixture
def watch(heart: Heart) -> Iterator[Watch]:
    watch = Watch(heart, ["host1"], period=PERIOD)
    watch.start()
    watch.start()  # once is enough
    assert heart.opened.get(timeout=60) == "host1"
    assert watch.wait(60)  # at the start everything is news
    yield watch
    watch.stop()


def calm(heart: Heart, watch: Watch) -> Beat:
    beat = parse(LINE)
    assert beat is not None
    heart.beats["host1"].put(beat)
    assert watch.wait(60)
    return beat


def test_a_beat_is_read() -> None:
    beat = parse(LINE)
    assert beat == Beat(Pulse.STANDBY, Position(0x3000148), Position(0x3000100), "streaming", ("10.0.0.1", 5432))
    assert parse("primary|0/3000148|0/3000148|||") == Beat(Pulse.PRIMARY, Position(0x3000148), Position(0x3000148))
    assert parse("down") == Beat(Pulse.DOWN)
    assert parse("running") == Beat(Pulse.RUNNING)
    for no_beat in ("", "psql: error", "standby|x|0/1|||", "standby|0/1|0/1|streaming|h|port", "down|1"):
        assert parse(no_beat) is None


def test_positions_alone_are_no_news() -> None:
    beat = Beat(Pulse.STANDBY, Position(1), Position(1), "streaming", ("a", 1))
    assert notable(None, beat)
    assert not notable(beat, Beat(Pulse.STANDBY, Position(9), Position(8), "streaming", ("a", 1)))
    assert notable(beat, Beat(Pulse.STANDBY, Position(1), Position(1), "", None))
    assert notable(beat, Beat(Pulse.PRIMARY, Position(1), Position(1), "streaming", ("a", 1)))


def test_a_server_that_ends_is_news_at_once(heart: Heart, watch: Watch) -> None:
    calm(heart, watch)
    assert watch.positions() == {"host1": Position(0x3000148)}
    heart.beats["host1"].put(Beat(Pulse.DOWN))
    assert watch.wait(60)
    assert watch.positions() == {"host1": Position(0x3000148)}  # how far it was when it was up


def test_a_server_that_ends_before_its_first_good_beat_is_news_again(heart: Heart) -> None:
    watch = Watch(heart, ["host1"], period=60)  # no silence is news
    watch.start()
    assert watch.wait(60)
    for _ in range(2):
        heart.beats["host1"].put(Beat(Pulse.DOWN))
        assert watch.wait(60)
        watch.seen("host1", answers=True, up=True)  # a look between two beats
    watch.stop()
    heart.beats["host1"].put(None)


def test_a_silence_is_news_once(heart: Heart, watch: Watch) -> None:
    calm(heart, watch)
    assert watch.wait(60)
    assert watch.fell_silent("host1")
    assert not watch.wait(3 * PERIOD)


@pytest.mark.parametrize("end", [None, Unreachable("host1 cannot be reached")])
def test_a_lost_host_is_listened_to_again_when_it_is_seen(heart: Heart, watch: Watch, end: Exception | None) -> None:
    calm(heart, watch)
    heart.beats["host1"].put(end)
    assert watch.wait(60)
    with pytest.raises(queue.Empty):
        heart.opened.get(timeout=2 * PERIOD)
    watch.seen("host1", answers=True)
    assert heart.opened.get(timeout=60) == "host1"


def test_a_host_that_answers_while_its_server_hangs_is_still_silent(heart: Heart, watch: Watch) -> None:
    calm(heart, watch)
    assert watch.wait(60)
    before = watch.silence("host1")
    watch.seen("host1", answers=False)
    assert watch.silence("host1") >= before
    watch.seen("host1", answers=True)
    assert watch.silence("host1") < before


def test_a_wait_ends_when_it_is_told_to_stop(watch: Watch) -> None:
    waiting = Thread(target=watch.wait, args=(60,), daemon=True)
    waiting.start()
    watch.stop()
    waiting.join(5)
    assert not waiting.is_alive()
