"""Which places segments have left, and what of them is never touched."""

from __future__ import annotations

from dataclasses import replace

from cctrl.config import Host, Server, Service
from cctrl.segments.left import Place, behind, used

SDW1, SDW2, SDW3 = (Host(name, name) for name in ("sdw1", "sdw2", "sdw3"))
FIRST = Server("primary0", SDW1, "sdw1", 6000, "/data/primary/gpseg0", dbid=2)
SECOND = Server("mirror0", SDW2, "sdw2", 7000, "/data/mirror/gpseg0", dbid=4)
SPARE = Server("sdw3", SDW3, "sdw3", 5432, "", "/opt/bin")
BUILT = Service("segments", "gp", (FIRST, SECOND), spares=(SPARE,))


def moved(dbid: int, host: Host, directory: str, service: Service = BUILT) -> Service:
    members = (replace(m, host=host, data_dir=directory) if m.dbid == dbid else m for m in service.members)
    return replace(service, members=tuple(members))


def test_what_is_configured_and_what_is_recorded() -> None:
    assert behind(BUILT, BUILT, ()) == ()
    there = moved(4, SDW3, "/data/mirror/gpseg0")
    assert behind(BUILT, there, ()) == (SECOND,)
    assert behind(BUILT, there, [Place(4, "sdw2", 7000, "/data/mirror/gpseg0")]) == (SECOND,)
    back = behind(BUILT, BUILT, [Place(4, "sdw3", 6001, "/data/mirror/gpseg0")])
    assert [(p.name, p.host.name, p.port, p.data_dir, p.bin_dir, p.dbid) for p in back] == [
        ("mirror0", "sdw3", 6001, "/data/mirror/gpseg0", "/opt/bin", 4)
    ]
    assert behind(BUILT, BUILT, [Place(4, "sdw9", 1, "/d"), Place(9, "sdw3", 1, "/d")]) == ()  # not reached any more


def test_what_another_segment_uses_by_now_is_not_left() -> None:
    there = moved(4, SDW3, "/data/mirror/gpseg0")
    for directory in ("/data/mirror/gpseg0", "/data/mirror", "/data/mirror/gpseg0/inner"):
        assert behind(BUILT, moved(2, SDW2, directory, there), ()) == (FIRST,)
    assert behind(BUILT, moved(2, SDW2, "/data/mirror/gpseg", there), ()) == (FIRST, SECOND)
    alias = Host("other", "sdw2")  # the same machine by another name
    assert SECOND not in behind(BUILT, moved(2, alias, "/data/mirror/gpseg0", there), ())
    assert used(BUILT, SECOND) == ("/data/mirror/gpseg0",)
