"""The user's SSH configuration decides where it is asked: by ssh itself, and by the parser without it."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from cctrl.config import Host
from cctrl.ssh.deadline import Deadline
from cctrl.ssh.failure import CannotReach
from cctrl.ssh.resolve import Endpoint, from_options, resolve
from cctrl.ssh.tokens import Tokens, in_home

CONFIG = """
Include extra/*.conf
Host db1
    HostName 192.0.2.7
    Port 2222
    User dba
    IdentityFile /keys/%h-%r
    IdentitiesOnly yes
    HostKeyAlias database-one
    UserKnownHostsFile ~/known
    ConnectTimeout 3
Host db2
    ProxyJump admin@bastion:2200,inner
Host db3
    ProxyCommand nc -X connect %h %p %%
    IdentityAgent none
Match host db4 exec "true"
    User matched
Host *
    GlobalKnownHostsFile /etc/known
"""


@pytest.fixture(params=["ssh -G", "without ssh"])
def look(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Resolve a host of CONFIG, in both ways."""
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "a.conf").write_text("Host db5\n    HostName included\n")
    file = tmp_path / "config"
    file.write_text(CONFIG.replace("extra/", f"{tmp_path}/extra/"))
    if request.param == "without ssh":
        monkeypatch.setattr("cctrl.ssh.resolve.shutil.which", lambda name: None)

    def resolved(name: str, **more: object) -> Endpoint:
        return resolve(Host(name, name, ssh_config=str(file), **more), Deadline.after(5))  # type: ignore[arg-type]

    return resolved


def test_what_the_user_configured(look) -> None:  # type: ignore[no-untyped-def]
    found = look("db1")
    assert (found.host, found.port, found.user) == ("192.0.2.7", 2222, "dba")
    assert found.identity_files == (Path("/keys/192.0.2.7-dba"),)
    assert found.identities_only
    assert found.entry == "database-one"
    assert found.known_hosts == (in_home("~/known"), Path("/etc/known"))
    assert found.connect_timeout == 3


def test_jump_hosts_and_proxy_command(look) -> None:  # type: ignore[no-untyped-def]
    assert look("db2").proxy_jump == ("admin@bastion:2200", "inner")
    assert look("db3").proxy_command == "nc -X connect db3 22 %"
    assert look("db3").agent is None


def test_match_and_include(look) -> None:  # type: ignore[no-untyped-def]
    assert look("db4").user == "matched"
    assert look("db5").host == "included"


def test_the_own_configuration_wins(look, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    found = look("db1", ssh_port=99, ssh_user="me", identity=str(tmp_path / "id"))
    assert (found.port, found.user, found.identity_files) == (99, "me", (tmp_path / "id",))
    assert found.host_key_alias == "database-one"


def test_ssh_is_not_asked_where_everything_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cctrl.ssh.resolve.subprocess.run", None)
    found = resolve(Host("db1", "10.0.0.1", 2222, "me", "/id", "/known"), Deadline.after(1))
    assert found.entry == "[10.0.0.1]:2222"
    assert resolve(Host("db1", "10.0.0.1", ssh_config="none"), Deadline.after(1)).user == getpass.getuser()


@pytest.mark.parametrize("address", ["-oProxyCommand=touch pwned", "a b", "$(id)", "a;id"])
def test_hostile_addresses_are_refused_by_ssh(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotReach, match="refused by ssh"):
        resolve(Host("db1", address), Deadline.after(5))
    assert not (tmp_path / "pwned").exists()


def test_a_missing_configuration(tmp_path: Path) -> None:
    with pytest.raises(CannotReach, match="nosuch"):
        resolve(Host("db1", "db1", ssh_config=str(tmp_path / "nosuch")), Deadline.after(5))


def test_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    monkeypatch.setenv("OTHER", "/other")
    assert from_options("a", {}).agent == "/agent"
    assert from_options("a", {"identityagent": ["$OTHER"]}).agent == "/other"
    assert from_options("a", {"identityagent": ["/run/%u"]}).agent == f"/run/{getpass.getuser()}"


def test_tokens() -> None:
    tokens = Tokens(original="db", host="h", port=22, user="u")
    assert tokens.expand("%h:%p %r %n %% %z") == "h:22 u db % %z"
    assert len(tokens.expand("%C")) == 40
