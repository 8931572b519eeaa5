"""`router …` and ROUTERS in `ls`, on real routers over SSH."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cctrl.router.template import filled_in
from tests.dataservice.alpha import Alpha
from tests.router import stand
from tests.router.test_haproxy import Proxy, haproxy
from tests.router.test_pgbouncer import pgbouncer
from tests.stage import wait_for


def configure(alpha: Alpha, name: str, **keys: object) -> None:
    """Add a router to the lab's configuration; it is reached as host2 is."""
    rows = "".join(f"{key} = {value!r}\n" for key, value in {"host": "host2", **keys}.items())
    with alpha.config.open("a") as file:
        file.write(f"\n[dataservice.alpha.routers.{name}]\n{rows}")


def session(alpha: Alpha, uri: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """A client that is connected and stays."""
    process = subprocess.Popen(
        alpha.psql(uri), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=environ or alpha.lab.environ,
    )  # fmt: skip
    assert lives(process)
    return process


def lives(process: subprocess.Popen[str]) -> bool:
    """Whether the client's session still answers."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write("select 'here';\n")
        process.stdin.flush()
    except BrokenPipeError:
        return False
    return process.stdout.readline() == "here\n"


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.communicate()


@contextmanager
def proxied(alpha: Alpha, place: Path) -> Iterator[Proxy]:
    """HAProxy before the service, and in its configuration as the router `proxy`."""
    with stand.checked(alpha) as (_, service), haproxy(alpha, service, place) as proxy:
        configure(alpha, "proxy", kind="haproxy", socket=str(proxy.socket))
        proxy.leads(proxy.write, "host1")
        yield proxy


def test_haproxy_is_seen_drained_closed_and_opened(alpha: Alpha, place: Path) -> None:
    stand.program("haproxy")
    with proxied(alpha, place) as proxy:
        page = alpha.does("ls")
        box = page.partition("\n\nROUTERS:\n")[2].partition("\n\nDATASOURCES:\n")[0]
        rule, row = "+" + "-" * 76 + "+", r"\|connector@proxy\[\d+\]\(ONLINE, created=\d+, active=\d\) *\|"
        lines = box.splitlines()
        assert (lines[0], lines[2], len(lines[1])) == (rule, rule, 78), page
        assert re.fullmatch(row, lines[1]), page
        diag = alpha.does("-physical", "*/*/router/RouterManager/diag")
        assert "|/alpha/host2/router/RouterManager " in diag
        assert re.search(r"\|\s+proxy\.state: ONLINE\s+\|", diag)
        assert "RouterManager        proxy:ONLINE" in alpha.does("-physical", "ls -lR host2")
        client = session(alpha, proxy.uri(proxy.write))
        with ended(client):
            assert "active=1)" in alpha.does("router * status")
            assert alpha.does("router * drain") == "Router 'proxy' is now OFFLINE\n"
            assert lives(client)
            assert proxy.host(proxy.write) == ""
            assert "OFFLINE, created=" in alpha.does("router proxy status")
            assert alpha.does("router proxy drain") == "Router 'proxy' is now OFFLINE\n"  # given again
            assert alpha.does("router proxy offline") == "Router 'proxy' is now OFFLINE\n"
            wait_for(lambda: not lives(client), 5, "its session is ended")
        assert alpha.does("router * online") == "Router 'proxy' is now ONLINE\n"
        proxy.leads(proxy.write, "host1")
    routers = alpha.documents("router * status")[0]["routers"]
    assert routers[0]["state"] == "STOPPED"
    assert "active" not in alpha.does("router * status")
    assert "start it on host2" in alpha.refuses("router proxy drain")


@pytest.mark.parametrize("client", ["perl", "socat", "python3", "nc"])
def test_haproxy_can_be_spoken_to_with_what_is_there(
    client: str, alpha: Alpha, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.program("haproxy")
    script = Path(filled_in.__code__.co_filename).parent / "sh" / "haproxy.sh"
    only = place / "bin"
    only.mkdir()
    for name in ("sh", client):
        (only / name).symlink_to(stand.program(name))
    with proxied(alpha, place) as proxy:
        argv = [str(only / "sh"), str(script), str(proxy.socket), "show info;show stat"]
        said = subprocess.run(argv, env={"PATH": str(only)}, capture_output=True, text=True, timeout=20, check=False)
        assert (said.returncode, said.stderr) == (0, "")
        assert "Pid: " in said.stdout
        assert "alpha_write,FRONTEND" in said.stdout
        (only / client).unlink()
        said = subprocess.run(argv, env={"PATH": str(only)}, capture_output=True, text=True, timeout=20, check=False)
        assert said.returncode == 69
        assert "nothing here speaks to a unix socket" in said.stderr


def test_pgbouncer_is_seen_drained_closed_and_opened(alpha: Alpha, place: Path) -> None:
    stand.program("haproxy"), stand.program("pgbouncer")
    with (
        stand.checked(alpha) as (_, service),
        haproxy(alpha, service, place) as proxy,
        pgbouncer(alpha, proxy, filled_in("pgbouncer", service), place) as bouncer,
    ):
        wait_for(bouncer.writes, 15, "a client of the pool writes")
        configure(alpha, "pool", kind="pgbouncer", socket=str(bouncer.sockets), port=bouncer.port)
        client = session(alpha, bouncer.place("postgres"), bouncer.environ)
        with ended(client):
            assert "|connector@pool(ONLINE, active=1)" in alpha.does("router pool status")
            assert alpha.does("router * drain") == "Router 'pool' is now OFFLINE\n"
            assert lives(client)
            assert not bouncer.writes()
            assert alpha.does("router * offline") == "Router 'pool' is now OFFLINE\n"
            wait_for(lambda: not lives(client), 5, "its session is ended")
        assert alpha.does("router pool online") == "Router 'pool' is now ONLINE\n"
        wait_for(bouncer.writes, 15, "a client of the pool writes again")


def test_without_routers_there_is_no_box_and_nothing_to_steer(alpha: Alpha) -> None:
    assert "ROUTERS" not in alpha.does("ls")
    assert "add [dataservice.alpha.routers.NAME]" in alpha.refuses("router * drain")
    assert "unknown" in alpha.refuses("router proxy drain", status=2)


def test_a_router_whose_host_is_gone(alpha: Alpha) -> None:
    configure(alpha, "proxy", kind="haproxy", socket="/nowhere/socket")
    alpha.fault("cut", "host2")
    assert "|connector@proxy(UNREACHABLE)" in alpha.does("ls")
    assert "router proxy cannot be steered" in alpha.refuses("router * offline")
