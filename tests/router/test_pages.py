"""The pages for clients: what they show is what the package has, and works on real servers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cctrl.config import load
from cctrl.router.template import filled_in
from tests.dataservice.alpha import Alpha
from tests.source import TOP

PAGES = TOP / "docs" / "clients"
LISTED = "host1:5432,host2:5432,host3:5432"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["haproxy", "pgbouncer"])
def test_a_page_shows_the_configuration_of_the_package(kind: str, tmp_path: Path) -> None:
    toml = re.search(r"```toml\n(.*?)```", page("haproxy"), re.DOTALL)
    shown = re.search(r"```\n(.*?)```", page(kind).replace("```toml", "~~~"), re.DOTALL)
    if kind == "haproxy":  # the first block is the configuration of cctrl itself
        shown = re.search(r"```\n(# HAProxy.*?)```", page(kind), re.DOTALL)
    assert toml
    assert shown
    (path := tmp_path / "cctrl.toml").write_text(toml[1])
    assert shown[1] == filled_in(kind, load(path).services[0])


def uris(alpha: Alpha) -> list[str]:
    """The lines of the page on libpq, for the servers and the superuser of a lab."""
    found = re.findall(r"^    (postgresql://\S+)$", page("libpq"), re.MULTILINE)
    places = [urlsplit(alpha.dsns[host]).netloc.rpartition("@") for host in alpha.hosts]
    lab = f"{places[0][0]}@{','.join(place for _, _, place in places)}"
    return [uri.replace(f"app@{LISTED}", lab) for uri in found]


def standing(alpha: Alpha, uri: str) -> str:
    """`t` where the client gets to a standby, `f` where to a master, "" where to none."""
    argv = alpha.psql(uri, "-c", "select pg_is_in_recovery()")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, env=alpha.lab.environ, check=False)
    return done.stdout.strip()


def test_the_lines_for_libpq_find_their_server(alpha: Alpha) -> None:
    write, read = uris(alpha)
    assert (standing(alpha, write), standing(alpha, read)) == ("f", "t")
    alpha.does("switch to host3")
    assert (standing(alpha, write), standing(alpha, read)) == ("f", "t")
    alpha.fault("kill", "host3")
    assert (standing(alpha, write), standing(alpha, read)) == ("", "t")
    alpha.does("--yes", "failover to host2")
    assert (standing(alpha, write), standing(alpha, read)) == ("f", "t")
    alpha.fault("cut", "host1")  # the first of the list does not answer: that costs connect_timeout, once
    assert standing(alpha, write) == "f"
