"""What routers answer, read."""

from __future__ import annotations

from cctrl.router.state import haproxy, pgbouncer

INFO = "Name: HAProxy\nVersion: 2.6.12\nPid: 8805\nCumConns: 40\n\n"
HEAD = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,status\n"
FRONTS = "alpha_write,FRONTEND,,,2,5,100,30,OPEN\nalpha_read,FRONTEND,,,1,5,100,10,{}\n"
BACKS = "alpha_primary,host1,0,0,2,5,,30,UP\nalpha_primary,BACKEND,0,0,2,5,,30,UP\nother,FRONTEND,,,7,7,100,7,OPEN\n"
DATABASES = "@\nname|host|port|paused|disabled\npostgres|127.0.0.1|5000|{}|{}\npgbouncer||6432|0|0\n"
POOLS = "@\ndatabase|user|cl_active|cl_waiting\npostgres|app|3|1\npgbouncer|pgbouncer|1|0\n"


def test_haproxy_counts_what_is_the_services() -> None:
    seen = haproxy("proxy", "alpha", INFO + HEAD + FRONTS.format("OPEN") + BACKS)
    assert (seen.state, seen.pid, seen.created, seen.active) == ("ONLINE", 8805, 40, 3)
    assert (seen.parts, seen.servers) == ((("alpha_write", True), ("alpha_read", True)), ("alpha_primary/host1",))


def test_haproxy_half_closed_is_degraded() -> None:
    assert haproxy("proxy", "alpha", INFO + HEAD + FRONTS.format("STOP") + BACKS).state == "DEGRADED"
    assert haproxy("proxy", "alpha", INFO + HEAD + FRONTS.replace("OPEN", "STOP").format("STOP")).state == "OFFLINE"


def test_haproxy_without_a_frontend_of_the_service_is_said_to_be_that() -> None:
    for text in (INFO + HEAD + BACKS, INFO, ""):
        seen = haproxy("proxy", "alpha", text)
        assert (seen.state, seen.reason) == ("STOPPED", "it has no frontend whose name begins with alpha_")


def test_pgbouncer() -> None:
    seen = pgbouncer("pool", DATABASES.format(0, 0) + POOLS + "@\n4711\n")
    assert (seen.state, seen.pid, seen.created, seen.active) == ("ONLINE", 4711, None, 4)
    assert seen.parts == (("postgres", True),)


def test_pgbouncer_closed() -> None:
    for paused, disabled, named in ((1, 0, ("postgres",)), (0, 1, ()), (1, 1, ("postgres",))):
        seen = pgbouncer("pool", DATABASES.format(paused, disabled) + POOLS + "@\n")
        assert (seen.state, seen.pid, seen.paused) == ("OFFLINE", 0, named)
