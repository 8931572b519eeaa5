"""The configurations of the package, filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cctrl.config import Service, load
from cctrl.outcome import Refused
from cctrl.router.template import filled_in

TEXT = """\
[dataservice.alpha]
data_dir = "/d"
{keys}
[dataservice.alpha.members.host1]
address = "10.0.0.1"
[dataservice.alpha.members.host2]
address = "2001:db8::2"
port = 5433
"""


def service(tmp_path: Path, keys: str = "check_port = 8008") -> Service:
    path = tmp_path / "cctrl.toml"
    path.write_text(TEXT.format(keys=keys))
    return load(path).services[0]


def test_haproxy_has_each_member_in_both_backends(tmp_path: Path) -> None:
    text = filled_in("haproxy", service(tmp_path))
    for line in (
        "    server host1 10.0.0.1:5432 check addr 127.0.0.1 port 8008",
        "    server host2 [2001:db8::2]:5433 check addr 127.0.0.1 port 8008",
    ):
        assert text.splitlines().count(line) == 2
    assert "$" not in text


@pytest.mark.parametrize(("address", "asked"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.9", "10.0.0.9")])
def test_haproxy_asks_where_the_manager_answers(tmp_path: Path, address: str, asked: str) -> None:
    text = filled_in("haproxy", service(tmp_path, f'check_port = 8008\ncheck_address = "{address}"'))
    assert f"check addr {asked} port 8008" in text


def test_without_health_checks_haproxy_would_find_no_primary(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        filled_in("haproxy", service(tmp_path, ""))
    assert caught.value.next == "add check_port = 8008 to [dataservice.alpha], and start cctrl manager anew"


def test_pgbouncer_needs_no_health_checks(tmp_path: Path) -> None:
    text = filled_in("pgbouncer", service(tmp_path, ""))
    assert "for the service alpha" in text
    assert "$" not in text
