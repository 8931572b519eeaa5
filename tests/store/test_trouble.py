"""What a broken, locked, full or unwritable store says, and what a killed process leaves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cctrl.outcome import Outcome
from cctrl.store import ServiceIntent
from cctrl.store.database import VERSION
from cctrl.store.errors import StoreError
from tests.store.conftest import OpenStore

COUNT = """
import sys
from dataclasses import replace
from pathlib import Path
from cctrl.store.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]), timeout=60)
for _ in range(int(sys.argv[2])):
    store.update("alpha", lambda old: replace(old, policy=str(int(old.policy or 0) + 1)))
    store.begin("alpha", "count", "one more")
"""

HANG = """
import sys
from dataclasses import replace
from pathlib import Path
from cctrl.store.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
op = store.begin("alpha", "switch", "switch to host2")
store.note_step(op, "fence host1")
def hang(old):
    print("inside", flush=True)
    sys.stdin.read()
    return replace(old, policy="never")
store.update("alpha", hang)
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_several_processes_lose_nothing_and_make_the_file_once(path: Path, opened: OpenStore) -> None:
    counters = [run(COUNT, path, 15) for _ in range(3)]
    assert [c.communicate()[1] or c.returncode for c in counters] == [0, 0, 0]
    store = opened()
    assert store.intent("alpha").policy == "45"
    assert len(store.operations("alpha")) == 45


def test_killed_in_the_middle_leaves_the_old_intent_and_the_journal(path: Path, opened: OpenStore) -> None:
    opened().update("alpha", lambda old: replace(old, policy="MANUAL"))
    hanging = run(HANG, path)
    assert hanging.stdout is not None
    assert hanging.stdout.readline() == "inside\n"
    kill(hanging)
    store = opened()
    assert store.intent("alpha").policy == "MANUAL"
    left = store.unfinished("alpha")
    assert left is not None
    assert (left.verb, left.step) == ("switch", "fence host1")
    assert left.who.endswith(f" pid {hanging.pid}")
    store.finish(left.id, Outcome.DONE)
    assert store.update("alpha", lambda old: replace(old, primary="host2")) == ServiceIntent("MANUAL", "host2")


def test_a_lock_is_waited_for_until_the_deadline_and_reading_goes_on(path: Path, opened: OpenStore) -> None:
    opened().update("alpha", lambda old: replace(old, policy="MANUAL"))
    hanging = run(HANG, path)
    assert hanging.stdout is not None
    hanging.stdout.readline()
    try:
        store = opened(path, timeout=0.1)
        with pytest.raises(StoreError, match="locked by another process") as caught:
            store.begin("alpha", "switch", "switch")
        assert caught.value.outcome is Outcome.REFUSED
        assert caught.value.detail == "waited 0.1 s of 0.1 s"
        assert caught.value.next.startswith(f"fuser -v {path}")
        assert store.intent("alpha").policy == "MANUAL"
    finally:
        kill(hanging)
    assert store.begin("alpha", "switch", "switch")


def test_a_store_that_was_moved_aside_is_left_by_all(path: Path, opened: OpenStore, tmp_path: Path) -> None:
    """A process that has it open goes on in the new one, like those that open it later, and harms none of its files."""
    first = opened()
    first.update("alpha", lambda old: replace(old, policy="MANUAL"))
    aside = tmp_path / "aside"
    aside.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        file.rename(aside / file.name)
    second = opened()
    second.update("alpha", lambda old: replace(old, primary="host2"))
    assert first.update("alpha", lambda old: replace(old, policy="AUTOMATIC")) == ServiceIntent("AUTOMATIC", "host2")
    second.update("alpha", lambda old: replace(old, primary="host3"))
    second.close()
    assert first.intent("alpha") == opened().intent("alpha") == ServiceIntent("AUTOMATIC", "host3")
    assert opened(aside / path.name).intent("alpha").policy == "MANUAL"


def damage(path: Path, how: str) -> None:
    if how == "garbage":
        path.write_bytes(b"this is no database" * 500)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif how == "another's":
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE intent (a)")
        connection.close()
    else:
        connection = sqlite3.connect(path)
        connection.execute(how)
        connection.commit()
        connection.close()


@pytest.mark.parametrize(
    "how",
    [
        "garbage",
        "empty",
        "truncated",
        "another's",
        "UPDATE intent SET document = '{'",
        "UPDATE intent SET document = '{}'",
        """UPDATE intent SET document = '{"policy": "", "primary": "", "members": {"host1": {"hue": 1}}}'""",
        """UPDATE intent SET document = '{"policy": "", "primary": "", "members": [1]}'""",
    ],
)
def test_a_damaged_file_is_named_with_the_command_that_moves_it_aside(path: Path, how: str, opened: OpenStore) -> None:
    first = opened()
    first.update("alpha", lambda old: replace(old, policy="MANUAL"))
    first.close()
    damage(path, how)
    store = opened()
    with pytest.raises(StoreError, match="damaged or not cctrl's") as caught:
        store.intent("alpha")
    assert str(path) in caught.value.what
    with pytest.raises(StoreError):
        store.update("alpha", lambda old: old)
    store.close()
    command = caught.value.next.partition("   (")[0]
    subprocess.run(["sh", "-c", command], check=True)
    assert opened().intent("alpha") == ServiceIntent()
    assert len(list(path.parent.glob("damaged.*/cctrl.db"))) == 1


def test_a_left_over_log_is_not_played_into_a_new_file(path: Path, opened: OpenStore) -> None:
    path.parent.mkdir()
    Path(f"{path}-wal").write_bytes(b"left over")
    with pytest.raises(StoreError, match="write-ahead log is there without it") as caught:
        opened().intent("alpha")
    subprocess.run(["sh", "-c", caught.value.next.partition("   (")[0]], check=True)
    assert opened().intent("alpha") == ServiceIntent()


def test_a_newer_file_is_left_alone(path: Path, opened: OpenStore) -> None:
    opened().intent("alpha")
    damage(path, f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match="newer cctrl") as caught:
        opened().intent("alpha")
    assert caught.value.detail == f"its schema is {VERSION + 1}, this cctrl knows up to {VERSION}"


def test_a_directory_that_cannot_be_made(tmp_path: Path, opened: OpenStore) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreError, match="cannot open or write") as caught:
        opened(tmp_path / "state" / "cctrl.db").intent("alpha")
    assert caught.value.next.startswith(f"ls -ld {tmp_path}/state")


def test_a_directory_where_the_file_should_be(path: Path, opened: OpenStore) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot open or write"):
        opened().intent("alpha")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written(path: Path, opened: OpenStore) -> None:
    first = opened()
    first.update("alpha", lambda old: replace(old, policy="MANUAL"))
    path.chmod(0o400)
    with pytest.raises(StoreError, match="cannot open or write"):
        opened().begin("alpha", "switch", "switch")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], stderr=subprocess.DEVNULL
    )
    if not mounted:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_keeps_what_was_there(small_disk: Path, opened: OpenStore) -> None:
    store = opened(small_disk / "state" / "cctrl.db")
    store.update("alpha", lambda old: replace(old, policy="MANUAL"))
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    with pytest.raises(StoreError, match="no space left") as caught:
        for n in range(1000):
            store.tell("alpha", "", "x", f"{n} " + "x" * 1000)
    assert caught.value.next.startswith("df -h ")
    assert store.intent("alpha").policy == "MANUAL"
    (small_disk / "filler").unlink()
    assert store.begin("alpha", "switch", "room again")
    store.close()


def test_a_lease_is_renewed_also_on_a_full_disk(small_disk: Path, opened: OpenStore) -> None:
    """What was written is written over: who leads goes on leading, and what is on record can be changed."""
    store = opened(small_disk / "cctrl.db")
    for number in range(600):
        if number == 100:
            fill(small_disk)
        assert store.lead("alpha", "somebody", "here").holder == "somebody"
        store.change_document("alpha", "database1", lambda old: f"{int(old or 0) + 1:05}")
    with pytest.raises(StoreError, match="no space left"):
        store.writable()  # a command is not begun
    (small_disk / "filler").unlink()
    store.writable()
    store.close()


def test_events_take_no_room_from_the_lease(small_disk: Path, opened: OpenStore) -> None:
    """A manager that has much to tell on a full disk leads on; what it could not write down stands in its own log."""
    store = opened(small_disk / "cctrl.db")
    lost = 0
    for number in range(600):
        if number == 100:
            fill(small_disk, but=4096)
        assert store.lead("alpha", "somebody", "here").holder == "somebody"
        try:
            store.tell("alpha", "", "fts", f"{number} " + "x" * 200)
        except StoreError:
            lost += 1
    assert 0 < lost <= 500
    (small_disk / "filler").unlink()
    store.tell("alpha", "", "fts", "there is room again")
    store.close()


def test_what_may_not_be_written_is_written_once_it_may(small_disk: Path, opened: OpenStore) -> None:
    """A file system that was mounted read-only, and is no more: whoever has it open need not begin anew."""
    first = opened(small_disk / "cctrl.db")
    first.update("alpha", lambda old: replace(old, policy="MANUAL"))
    first.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    store = opened(small_disk / "cctrl.db")
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot open or write the store") as caught:
            store.lead("alpha", "somebody", "here")
        assert caught.value.next.startswith("ls -ld ")
    assert store.intent("alpha").policy == "MANUAL"
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert store.lead("alpha", "somebody", "here").holder == "somebody"


def test_a_full_disk_at_the_start_leaves_nothing_half_made(small_disk: Path, opened: OpenStore) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    assert opened(small_disk / "cctrl.db").intent("alpha") == ServiceIntent(), "looking needs no room"
    with pytest.raises(StoreError, match="no space left|disk"):
        opened(small_disk / "cctrl.db").begin("alpha", "switch", "switch")
    assert [p.name for p in small_disk.iterdir()] == ["filler"]
    (small_disk / "filler").unlink()
    assert opened(small_disk / "cctrl.db").intent("alpha") == ServiceIntent()


def fill(place: Path, *, but: int = 0) -> None:
    """Leave so many bytes free on a file system."""
    with (place / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    os.truncate(place / "filler", (place / "filler").stat().st_size - but)


def test_what_is_on_record_can_be_read_while_the_disk_is_full(small_disk: Path, opened: OpenStore) -> None:
    """Not even the file can be made in which SQLite keeps what its readers share."""
    store = opened(small_disk / "cctrl.db")
    store.update("alpha", lambda old: replace(old, policy="MANUAL"))
    store.close()
    fill(small_disk)
    assert opened(small_disk / "cctrl.db").intent("alpha").policy == "MANUAL"


def test_no_command_begins_that_may_not_be_able_to_write_down_its_end(small_disk: Path, opened: OpenStore) -> None:
    store = opened(small_disk / "cctrl.db")
    store.update("alpha", lambda old: replace(old, policy="MANUAL"))
    fill(small_disk, but=200 << 10)
    with pytest.raises(StoreError, match="only 200 kB left on its file system, 512 kB needed"):
        store.begin("alpha", "switch", "switch")
    assert not store.operations("alpha")
