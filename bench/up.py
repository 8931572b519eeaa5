"""`lab up` and `demo`: three servers that stream, beside initdb, two base backups and three starts by hand."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from time import perf_counter

from bench import byhand
from bench.figures import Figure, in_turn
from bench.place import Place, milliseconds
from bench.prompt import on_a_terminal


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """A lab with the built-in SSH server, as newcomers get it, and the same PostgreSQL by hand."""
    lab = place.lab()
    top = place.directory / "byhand"
    settings = place.directory / "byhand.conf"
    settings.write_text(byhand.settings(lab), encoding="utf-8")
    like = ["--postgresql", place.postgresql] if place.postgresql else []

    def by_hand() -> float:
        ports = [str(port) for port in _free_ports(3)]
        top.mkdir()
        if lab.plan.run_as.switch:
            os.chown(top, lab.plan.run_as.uid, lab.plan.run_as.gid)
        environ = {"AS": " ".join(byhand.as_user(lab)), "BIN": lab.service.members[0].bin_dir}
        took = milliseconds(lambda: place.run([byhand.SCRIPT, "make", str(top), str(settings), *ports], **environ))
        place.run([byhand.SCRIPT, "unmake", str(top), *ports], **environ)
        return took

    def lab_up() -> float:
        name = f"up{os.getpid()}"
        took = milliseconds(lambda: place.run([*place.cctrl, "lab", "up", "--no-manager", "--name", name, *like]))
        place.run([*place.cctrl, "lab", "down", "--name", name])
        return took

    def demo() -> float:
        began = perf_counter()
        with on_a_terminal([*place.cctrl, "demo"], place) as terminal:
            terminal.until(b"[LOGICAL")
            took = (perf_counter() - began) * 1000
            terminal.leave()
        return took

    ups, demos, hands = in_turn(samples, lab_up, demo, by_hand)
    yield Figure("lab up, all stream", ups, hands, "initdb, 2 base backups, 3 starts", 2.5)
    yield Figure("demo, first prompt", demos, hands, "initdb, 2 base backups, 3 starts", 2.5)


def _free_ports(number: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
