"""The inventory: what a file means, and what is said of one that means nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cctrl.config import Config, default_path, default_state_dir, load, text_of
from cctrl.outcome import ConfigError, Outcome

SMALL = """\
[dataservice.alpha]
data_dir = "/var/lib/postgresql/15/main"

[dataservice.alpha.members.host1]
[dataservice.alpha.members.host2]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cctrl.toml"


def read(path: Path, text: str) -> Config:
    path.write_text(text, encoding="utf-8")
    return load(path, {"HOME": "/home/dba"})


def refused(path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(path, text)
    assert caught.value.outcome is Outcome.USAGE
    return caught.value


def test_a_small_file_and_its_defaults(path: Path) -> None:
    config = read(path, SMALL)
    service = config.service("alpha")
    assert service is not None
    assert (service.kind, service.engine, service.names) == ("dataservice", "postgresql", ("host1", "host2"))
    host1 = service.member("host1")
    assert (host1.address, host1.port, host1.data_dir) == ("host1", 5432, "/var/lib/postgresql/15/main")
    assert (host1.host.name, host1.host.address, host1.host.become) == ("host1", "host1", None)
    assert (config.state_dir, config.timeout, config.lab) == (Path("/home/dba/.local/state/cctrl"), 5.0, None)
    assert config.service("beta") is None
    with pytest.raises(KeyError):
        service.member("host9")


def test_a_member_overrides_its_service(path: Path) -> None:
    config = read(
        path,
        """\
timeout = 3
state_dir = "~/state"
[dataservice.alpha]
data_dir = "/data"
become = "postgres"
ssh_user = "dba"
port = 5433
stop = ["sudo", "systemctl", "stop", "postgresql@15-main"]
replication_user = "repl"
maximum_lag = 0
[dataservice.alpha.members.host1]
[dataservice.alpha.members.host2]
host = "box2"
address = "10.0.0.2"
ssh_address = "box2.example.com"
ssh_port = 2222
port = 5434
data_dir = "/other"
become = "pg"
""",
    )
    (service,) = config.services
    host1, host2 = service.members
    assert (host1.host.become, host1.host.ssh_user, host1.port, host1.data_dir) == ("postgres", "dba", 5433, "/data")
    assert host1.stop == host2.stop == ("sudo", "systemctl", "stop", "postgresql@15-main")
    assert (host2.host.name, host2.host.address, host2.host.ssh_port) == ("box2", "box2.example.com", 2222)
    assert (host2.address, host2.port, host2.data_dir, host2.host.become) == ("10.0.0.2", 5434, "/other", "pg")
    assert (service.replication_user, service.maximum_lag, config.timeout) == ("repl", 0, 3.0)
    assert config.state_dir == Path("~/state").expanduser()


@pytest.mark.parametrize(
    ("wrong", "line", "what", "next_step"),
    [
        ("data_dri", 4, "unknown key data_dri", "did you mean data_dir?"),
        ("hostt", 4, "unknown key hostt", "did you mean host?"),
        ("zzz", 4, "unknown key zzz", "one of: ssh_port, "),
    ],
)
def test_an_unknown_key_of_a_member(path: Path, wrong: str, line: int, what: str, next_step: str) -> None:
    error = refused(path, f'[dataservice.alpha]\ndata_dir = "/d"\n[dataservice.alpha.members.host1]\n{wrong} = "x"\n')
    assert error.what == f"{path}:{line}: {what} (in [dataservice.alpha.members.host1])"
    assert error.next.startswith(next_step)


def test_a_key_of_another_kind_of_service(path: Path) -> None:
    error = refused(path, "[dataservice.alpha]\ngp_fts_probe_interval = 5\n" + SMALL.partition("\n")[2])
    assert error.what.startswith(
        f"{path}:2: unknown key gp_fts_probe_interval: only a service of the kind segments has it"
    )


def test_an_unknown_key_at_the_top(path: Path) -> None:
    error = refused(path, "\ntimeuot = 3\n" + SMALL)
    assert (error.what, error.next) == (f"{path}:2: unknown key timeuot", "did you mean timeout?")


def test_an_unknown_table_at_the_top(path: Path) -> None:
    error = refused(path, "\n" + SMALL.replace("dataservice", "dataservices"))
    assert (error.what, error.next) == (f"{path}:2: unknown key dataservices", "did you mean dataservice?")


def test_the_right_one_of_two_equal_keys_is_named(path: Path) -> None:
    error = refused(
        path,
        '[dataservice.alpha]\ndata_dir = "/d"\n[dataservice.alpha.members.host1]\nport = 5432\n'
        '[dataservice.alpha.members."host2.example.com"]\nport = "x"\n',
    )
    assert error.what.startswith(f"{path}:6: port must be a whole number")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("port = 0", "port is 0, it must be from 1 to 65535"),
        ("port = 65536", "port is 65536, it must be from 1 to 65535"),
        ("port = true", "port must be a whole number"),
        ('port = "5432"', "port must be a whole number"),
        ("ssh_port = -1", "ssh_port is -1, it must be from 1 to 65535"),
        ("data_dir = 3", "data_dir must be text in quotes"),
        ('data_dir = "relative"', "data_dir is 'relative', it must be a path from the root"),
        ('data_dir = "/"', "data_dir is '/', it must be a path from the root"),
        ('data_dir = "/a\\u0000b"', "data_dir holds a character that cannot be printed"),
        ('data_dir = "/a\\nb"', "data_dir holds a character that cannot be printed"),
        ('start = "systemctl start"', "start must be a list of strings"),
        ('start = ["systemctl", 3]', "start must be a list of strings"),
        ('ssh_address = "-oProxyCommand=evil"', "ssh_address is '-oProxyCommand=evil', which is no address"),
        ('host = "-v"', "host is '-v', which is no host"),
        ('address = ""', "address is '', which is no address"),
        ('ssh_user = "-l root"', "ssh_user is '-l root', which is no user"),
        ('become = "-s"', "become is '-s', which is no user"),
    ],
)
def test_a_value_that_cannot_be(path: Path, value: str, what: str) -> None:
    error = refused(path, SMALL.replace("members.host2]", f"members.host2]\n{value}"))
    assert error.what == f"{path}:6: {what} (in [dataservice.alpha.members.host2])"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("check_port = 65536", "check_port is 65536, it must be from 0 to 65535"),
        ("check_port = true", "check_port must be a whole number"),
        ('check_address = ""', "check_address is '', which is no address"),
        ('conninfo = "sslmode"', "conninfo must be `keyword=value` pairs, as libpq reads them"),
        ('conninfo = "application_name=me"', "conninfo gives application_name, which follows from the members"),
        *(
            (
                f'conninfo = "sslmode=verify-full {key} = secret"',
                "conninfo holds a password, which would stand in argument lists; passfile names a file for it",
            )
            for key in ("password", "sslpassword")
        ),
    ],
)
def test_a_value_of_a_service_that_cannot_be(path: Path, value: str, what: str) -> None:
    error = refused(path, SMALL.replace("alpha]\n", f"alpha]\n{value}\n"))
    assert error.what == f"{path}:2: {what} (in [dataservice.alpha])"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("timeout = nan", "timeout is nan, it must be from 0.1 to 3600.0"),
        ("timeout = inf", "timeout is inf, it must be from 0.1 to 3600.0"),
        ("timeout = 0", "timeout is 0, it must be from 0.1 to 3600.0"),
        ("timeout = false", "timeout must be a number"),
        ("dataservice = 3", "dataservice must be a table"),
    ],
)
def test_a_top_value_that_cannot_be(path: Path, value: str, what: str) -> None:
    text = value if "dataservice" in value else f"{value}\n{SMALL}"
    assert refused(path, text).what == f"{path}:1: {what}"


def test_an_unknown_engine(path: Path) -> None:
    error = refused(path, SMALL.replace("[dataservice.alpha]\n", '[dataservice.alpha]\nengine = "oracle"\n', 1))
    assert error.what == f"{path}:2: engine is 'oracle', it must be postgresql (in [dataservice.alpha])"


@pytest.mark.parametrize("text", ["[dataservice.alpha\n", "a = 1\nb = \n", "x = 'a\n", "a = " + "[" * 5000])
def test_broken_toml(path: Path, text: str) -> None:
    error = refused(path, text)
    assert error.what.startswith(f"{path}:") and "not valid TOML" in error.what
    assert error.next == f"correct {path}"


def test_broken_toml_names_the_line(path: Path) -> None:
    assert refused(path, "a = 1\nb = \n").what.startswith(f"{path}:2: not valid TOML")


def test_a_service_that_is_no_table(path: Path) -> None:
    error = refused(path, "[dataservice]\nalpha = 3\n")
    assert error.what.startswith(f"{path}:2: dataservice.alpha is not a table")


def test_a_member_that_is_no_table(path: Path) -> None:
    error = refused(path, '[dataservice.alpha.members]\nhost1 = "host1"\n')
    assert "dataservice.alpha.members.host1 is not a table" in error.what
    assert error.what.startswith(f"{path}:2: ")


@pytest.mark.parametrize("text", ["", "timeout = 3\n", "[dataservice]\n"])
def test_no_service(path: Path, text: str) -> None:
    error = refused(path, text)
    assert error.what == f"{path} configures no service"
    assert "[dataservice.NAME]" in error.next


def test_no_members(path: Path) -> None:
    error = refused(path, '[dataservice.alpha]\ndata_dir = "/d"\n')
    assert error.what.startswith(f"{path}:1: service alpha has no members")


def test_no_data_dir(path: Path) -> None:
    error = refused(path, "[dataservice.alpha]\n[dataservice.alpha.members.host1]\n")
    assert error.what.startswith(f"{path}:2: member host1 has no data_dir")


@pytest.mark.parametrize("name", ["-rf", "a b", "a/b", "$(id)", "é", "a'b", "x" * 64, ".", "a;b", ""])
def test_hostile_names(path: Path, name: str) -> None:
    for text in (
        f'[dataservice."{name}"]\n[dataservice."{name}".members.host1]\ndata_dir = "/d"\n',
        f'[dataservice.alpha.members."{name}"]\ndata_dir = "/d"\n',
    ):
        assert f"{name!r} is not a name" in refused(path, text).what


def test_a_host_name_with_dots(path: Path) -> None:
    (service,) = read(path, SMALL.replace("host2", '"db2.example.com"')).services
    assert service.names == ("host1", "db2.example.com")


def test_one_server_under_two_names(path: Path) -> None:
    error = refused(path, SMALL.replace("members.host2]", 'members.host2]\naddress = "host1"'))
    assert error.what.startswith(f"{path}:5: members host1 and host2 are the same server, host1 port 5432")


def test_one_name_for_two_services(path: Path) -> None:
    error = refused(path, SMALL + '[grid.alpha.members.g1]\ndata_dir = "/g"\n')
    assert error.what.endswith("there are two services alpha")


def test_no_file(path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration at") as caught:
        load(path)
    assert caught.value.next.startswith("cctrl demo")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read(path: Path, content: bytes | None) -> None:
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot read the configuration"):
        load(path)


def test_a_byte_order_mark_is_no_error(path: Path) -> None:
    assert read(path, "\ufeff" + SMALL).services


def test_where_the_configuration_is_looked_for(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    own = tmp_path / ".config" / "cctrl" / "cctrl.toml"
    assert default_path({**home, "CCTRL_CONFIG": "/x.toml"}) == Path("/x.toml")
    assert default_path(home) in (own, Path("/etc/cctrl/cctrl.toml"))
    own.parent.mkdir(parents=True)
    own.touch()
    assert default_path(home) == own
    xdg = tmp_path / "xdg" / "cctrl" / "cctrl.toml"
    xdg.parent.mkdir(parents=True)
    xdg.touch()
    assert default_path({**home, "XDG_CONFIG_HOME": str(tmp_path / "xdg")}) == xdg


def test_where_state_lives(tmp_path: Path) -> None:
    assert default_state_dir({"HOME": "/home/dba"}) == Path("/home/dba/.local/state/cctrl")
    assert default_state_dir({"HOME": "/home/dba", "XDG_STATE_HOME": "/s"}) == Path("/s/cctrl")


ROUTED = (
    SMALL
    + """
[dataservice.alpha.routers.proxy1]
kind = "haproxy"
ssh_user = "ops"
[dataservice.alpha.routers.pool1]
kind = "pgbouncer"
host = "host2"
become = "pooler"
port = 6000
"""
)


def test_routers_are_reached_as_members_are(path: Path) -> None:
    text = ROUTED.replace("alpha]\n", 'alpha]\nssh_user = "dba"\nbecome = "postgres"\nidentity = "/key"\n', 1)
    proxy, pool = read(path, text).services[0].routers
    assert (proxy.name, proxy.kind, proxy.socket) == ("proxy1", "haproxy", "/run/haproxy/admin.sock")
    host = proxy.host
    assert (host.name, host.address, host.ssh_user, host.identity, host.become) == (
        "proxy1",
        "proxy1",
        "ops",
        "/key",
        None,
    )
    assert (pool.socket, pool.port, pool.user) == ("/var/run/postgresql", 6000, "pgbouncer")
    assert (pool.host.name, pool.host.ssh_user, pool.host.become) == ("host2", "dba", "pooler")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('kind = "haproxy"\n', "", "7: router proxy1 has no kind"),
        ('"haproxy"', '"nginx"', "8: router proxy1 has the kind 'nginx'"),
        ('ssh_user = "ops"', 'data_dir = "/d"', "9: unknown key data_dir"),
        ('ssh_user = "ops"', 'socket = "run/x"', "9: socket is 'run/x', it must be a path from the root"),
        ("port = 6000", "port = 0", "14: port is 0, it must be from 1 to 65535"),
    ],
)
def test_a_router_that_cannot_be(path: Path, old: str, new: str, what: str) -> None:
    assert refused(path, ROUTED.replace(old, new, 1)).what.startswith(f"{path}:{what} (in [dataservice.alpha.routers.")


def test_a_pipe_is_not_waited_for_where_a_file_is_to_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(OSError, match="not a regular file"):
            text_of(path)
    (tmp_path / "file").write_text("all\n", encoding="utf-8-sig")
    assert text_of(str(tmp_path / "file"), "utf-8-sig") == "all\n"
