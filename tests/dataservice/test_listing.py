"""The pages of `ls`, byte for byte."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cctrl.dataservice import listing
from cctrl.dataservice.states import Datasource, State
from cctrl.replication.facts import Downstream, Facts, Fence, Ran, Server, Upstream
from cctrl.store import MemberIntent
from tests.dataservice.sights import seen
from tests.replication.worlds import at, crashed, facts, primary, standby

THEN = 1367568670.0  # 2013/05/03 09:11:10 AM, BST


@pytest.fixture(autouse=True)
def london(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/London")
        time.tzset()
        yield
    time.tzset()


def told(state: str, reason: str = "", role: str = "") -> MemberIntent:
    return MemberIntent(state, reason, role, THEN)


def box(source: Datasource) -> str:
    return "\n".join(listing.box(source, watched=False))


ALL_WELL = """\
COORDINATOR[host1:AUTOMATIC:ONLINE]

DATASOURCES:
+----------------------------------------------------------------------------+
|host1(master:ONLINE, progress=0/3000064, THL latency=0.561)                 |
|STATUS [OK] [2013/05/03 09:11:10 AM BST]                                    |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=ONLINE)                                     |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=7, active=2)                                          |
+----------------------------------------------------------------------------+

+----------------------------------------------------------------------------+
|host2(slave:ONLINE, progress=0/3000064, latency=1.243)                      |
|STATUS [OK] [2013/05/03 09:11:10 AM BST]                                    |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=0, active=0)                                          |
+----------------------------------------------------------------------------+"""


def test_a_service_that_is_well() -> None:
    sent = (Downstream("host2", "streaming", flush_lag=0.561), Downstream("host3", "streaming", flush_lag=0.8))
    master = primary(started=THEN, downstreams=sent, sessions=2, sessions_ever=7)
    sources = seen(master, standby("host2", started=THEN, lag=1.2434))
    page = listing.listing(listing.coordinator("host1", "AUTOMATIC", "ONLINE"), sources, watched=False)
    assert "\n".join(page) == ALL_WELL


HOSTS = "NODE 'host1' IS UNREACHABLE"
BOXES = {
    "stopped slave": (
        facts("host3", Server.DOWN, at=THEN),
        told("", "", "slave"),
        """\
+----------------------------------------------------------------------------+
|host3(slave:FAILED(DATASERVER 'host3@alpha' STOPPED))                       |
|STATUS [CRITICAL] [2013/05/03 09:11:10 AM BST]                              |
|REASON[DATASERVER 'host3@alpha' STOPPED]                                    |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(state=STOPPED)                                                 |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+""",
    ),
    "unreachable slave": (
        facts("host3", Server.UNSEEN, at=THEN),
        told("ONLINE", "", "slave"),
        """\
+----------------------------------------------------------------------------+
|host3(slave:FAILED(NODE 'host3' IS UNREACHABLE))                            |
|STATUS [CRITICAL] [2013/05/03 09:11:10 AM BST]                              |
|REASON[NODE 'host3' IS UNREACHABLE]                                         |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(state=STOPPED)                                                 |
|  DATASERVER(state=UNKNOWN)                                                 |
+----------------------------------------------------------------------------+""",
    ),
    "shunned by hand": (
        standby("host3", lag=1.0),
        told("SHUNNED", "MANUALLY-SHUNNED", "slave"),
        """\
+----------------------------------------------------------------------------+
|host3(slave:SHUNNED(MANUALLY-SHUNNED), progress=0/3000064, latency=1.000)   |
|STATUS [SHUNNED] [2013/05/03 09:11:10 AM BST]                               |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=0, active=0)                                          |
+----------------------------------------------------------------------------+""",
    ),
    "failed-over master": (
        crashed("host3", fence=Fence("x", "host1", "2013-05-03T08:11:10Z")),
        told("SHUNNED", "FAILED-OVER-TO-host1", "master"),
        """\
+----------------------------------------------------------------------------+
|host3(master:SHUNNED(FAILED-OVER-TO-host1))                                 |
|STATUS [SHUNNED] [2013/05/03 09:11:10 AM BST]                               |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=DEGRADED)                                   |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+""",
    ),
    "offline": (
        standby("host3", lag=0.0),
        told("OFFLINE", "", "slave"),
        """\
+----------------------------------------------------------------------------+
|host3(slave:OFFLINE, progress=0/3000064, latency=0.000)                     |
|STATUS [WARN] [2013/05/03 09:11:10 AM BST]                                  |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=0, active=0)                                          |
+----------------------------------------------------------------------------+""",
    ),
    "diminished": (
        standby("host3", "", lag=7.5, at=THEN),
        told("ONLINE", "", "slave"),
        """\
+----------------------------------------------------------------------------+
|host3(slave:ONLINE, progress=0/3000064, latency=0.000)                      |
|STATUS [DIMINISHED] [2013/05/03 09:11:10 AM BST]                            |
|REASON[REPLICATOR STOPPED]                                                  |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, state=OFFLINE)                                     |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=0, active=0)                                          |
+----------------------------------------------------------------------------+""",
    ),
    "a master beside the master": (
        primary("host3"),
        told("SHUNNED", "FAILED-OVER-TO-host1", "master"),
        """\
+----------------------------------------------------------------------------+
|host3(master:SHUNNED(FAILED-OVER-TO-host1), progress=0/3000064, THL         |
|      latency=0.000)                                                        |
|STATUS [SHUNNED] [2013/05/03 09:11:10 AM BST]                               |
|REASON[ACCEPTS WRITES BESIDE 'host1@alpha']                                 |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=ONLINE)                                     |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=0, active=0)                                          |
+----------------------------------------------------------------------------+""",
    ),
}


@pytest.mark.parametrize(("member", "decided", "wanted"), BOXES.values(), ids=BOXES.keys())
def test_a_box(member: Facts, decided: MemberIntent, wanted: str) -> None:
    from tests.replication.worlds import forks

    later = primary(timeline=2, history=forks((1, 50)))  # host3 never is the later one
    sources = seen(later, standby("host2"), member, told={"host3": decided})
    assert box(sources[2]) == wanted


def test_a_dead_master_is_degraded() -> None:
    gone = facts("host1", Server.UNSEEN, at=THEN)
    source = seen(gone, standby("host2", ""), told={"host1": MemberIntent("ONLINE", "", "master", THEN - 9)})[0]
    assert listing.box(source, watched=False)[1:4] == [
        "|host1(master:FAILED(NODE 'host1' IS UNREACHABLE))                           |",
        "|STATUS [CRITICAL] [2013/05/03 09:11:10 AM BST]                              |",
        "|REASON[NODE 'host1' IS UNREACHABLE]                                         |",
    ]
    degraded = "|  REPLICATOR(role=master, state=DEGRADED)                                   |"
    assert degraded in listing.box(source, watched=False)


def test_a_header_wraps_at_blanks_under_the_name() -> None:
    name = "db-eu-west-1"
    member = standby(name, "host1", lag=0.25)
    master = primary()
    source = seen(master, member, told={name: told("SHUNNED", "FAILED-OVER-TO-db-eu-west-2")})[1]
    assert listing.box(source, watched=False)[1:3] == [
        "|db-eu-west-1(slave:SHUNNED(FAILED-OVER-TO-db-eu-west-2), progress=0/3000064,|",
        "|             latency=0.250)                                                 |",
    ]


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True)


@settings(deadline=None)  # on a loaded machine
@given(
    name=NAMES,
    other=NAMES,
    server=st.sampled_from(list(Server)),
    state=st.sampled_from([*State, None]),
    ran=st.sampled_from(list(Ran)),
    lag=st.none() | st.floats(0, 1e9),
    streams=st.booleans(),
)
def test_every_box_is_a_rectangle_that_holds_all_words(
    name: str, other: str, server: Server, state: State | None, ran: Ran, lag: float | None, streams: bool
) -> None:
    assume(name != other)
    upstream = Upstream("10.0.0.2", 5432, "streaming" if streams else "waiting", 1.0)
    member = facts(name, server, ran=ran, lag=lag, upstream=upstream, sessions=3, sessions_ever=10**12)
    decided = MemberIntent(state.value if state else "", f"FAILED-OVER-TO-{other}", "", THEN)
    source = seen(member, primary(other), told={name: decided}, primary=other)[0]
    for lines in (listing.box(source, watched=False), listing.long_box(source)):
        assert {len(line) for line in lines} == {78}
        assert all(line[0] == line[-1] and line[0] in "|+" for line in lines)
        words = "".join(line[1:-1].strip() for line in lines).replace(" ", "")
        assert listing.header(source).replace(" ", "") in words
        assert source.fault.replace(" ", "") in words


def test_the_long_page() -> None:
    settings = {"wal_level": "replica", "restore_command": "cp /a/very/long/path/to/some/archive/that/does/not/fit %p"}
    source = seen(primary(received=at(255), settings=settings, started=THEN))[0]
    page = "\n".join(listing.long_box(source))
    assert page.startswith(
        """\
+----------------------------------------------------------------------------+
|host1(master:ONLINE, progress=0/30000FF, THL latency=0.000)                 |
+----------------------------------------------------------------------------+
|         activeConnectionCount: 0                                           |
|                  alertMessage:                                             |
|                   alertStatus: OK                                          |"""
    )
    assert page.endswith(
        """\
+----------------------------------------------------------------------------+
|host1:DATASERVER(state=ONLINE)                                              |
+----------------------------------------------------------------------------+
|               restore_command: cp /a/very/long/path/to/some/archive/that/do|
|                                es/not/fit %p                               |
|                     wal_level: replica                                     |
+----------------------------------------------------------------------------+"""
    )
    assert "\n|host1:REPLICATOR(role=master, state=ONLINE)   " in page
    assert "\n|                     alertTime: 2013/05/03 09:11:10 AM BST   " in page
    for key in ("appliedLatency", "appliedLastSeqno", "storedLastSeqno", "highWater", "timeline"):
        assert f" {key}: " in page
