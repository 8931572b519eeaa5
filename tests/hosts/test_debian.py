"""Hosts as Debian makes them: sudo to postgres, clusters of postgresql-common, configuration in /etc.

Runs as root only, since it makes a user, a sudoers rule and two clusters; all go away at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import debian_bin
from tests.ssh.servers import free_port
from tests.stage import Cctrl, isolated, wait_for

ADMIN = f"cctrl{os.getpid()}"
MEMBERS = ("east", "west")


@dataclass(frozen=True)
class Debian:
    """Two clusters behind one sshd."""

    cctrl: Cctrl
    version: str
    ports: dict[str, int]

    def sql(self, member: str, statement: str) -> str:
        """Run SQL as postgres on a member."""
        return run("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-p", str(self.ports[member]), "-c", statement)

    def kill(self, member: str) -> None:
        """End a member's server with SIGKILL."""
        pid = int(Path(f"/var/lib/postgresql/{self.version}/{self.name(member)}/postmaster.pid").read_text().split()[0])
        os.kill(pid, 9)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), what="the postmaster's end")

    @staticmethod
    def name(member: str) -> str:
        """The cluster's name for postgresql-common."""
        return f"{ADMIN}{member}"


def run(*argv: str) -> str:
    """Run a command that must succeed; its output."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def unfit() -> str:
    """Why these tests cannot run here; "" where they can."""
    if os.geteuid() != 0:
        return "needs root: makes a user, a sudoers rule and clusters"
    missing = [p for p in ("sudo", "sshd", "pg_createcluster", "runuser") if not shutil.which(p)]
    return f"not installed: {', '.join(missing)}" if missing or debian_bin() is None else ""


SUDOERS = Path(f"/etc/sudoers.d/{ADMIN}")


@pytest.fixture
def debian(pair: Debian) -> Debian:
    """The pair, and all that its administrator may do."""
    allow("(postgres) NOPASSWD: ALL", "(root) NOPASSWD: /usr/bin/pg_ctlcluster")
    return pair


def allow(*rules: str) -> None:
    """Let the administrator do what these rules say, and nothing else."""
    SUDOERS.unlink(missing_ok=True)
    if rules:
        SUDOERS.write_text("".join(f"{ADMIN} ALL={rule}\n" for rule in rules))
        SUDOERS.chmod(0o440)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """A replicated pair on this machine, made with Debian's own means."""
    if unfit():
        pytest.skip(unfit())
    binaries = debian_bin()
    assert binaries is not None
    version = binaries.parent.name
    place = tmp_path_factory.mktemp("debian")
    ports = {member: free_port() for member in MEMBERS}
    sshd: subprocess.Popen[bytes] | None = None
    try:
        run("useradd", "-m", "-s", "/bin/sh", ADMIN)
        port = free_port()
        sshd = start_sshd(place, port)
        make_clusters(place, version, ports)
        config = write_config(place, version, port, ports, binaries)
        yield Debian(Cctrl(isolated(place / "home"), ("--config", str(config), "--yes")), version, ports)
    finally:
        for member in MEMBERS:
            subprocess.run(["pg_dropcluster", "--stop", version, Debian.name(member)], capture_output=True, check=False)
        if sshd is not None:
            sshd.kill()
            sshd.wait()
        subprocess.run(["userdel", "-r", ADMIN], capture_output=True, check=False)
        allow()


def start_sshd(place: Path, port: int) -> subprocess.Popen[bytes]:
    """An OpenSSH server that lets the admin in by key; as strict as Debian's own."""
    for key in ("id", "host"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / key))
    keys = Path(f"/home/{ADMIN}/.ssh")
    keys.mkdir(mode=0o700)
    shutil.copy(place / "id.pub", keys / "authorized_keys")
    run("chown", "-R", f"{ADMIN}:", str(keys))
    Path("/run/sshd").mkdir(exist_ok=True)
    settings = place / "sshd_config"
    settings.write_text(f"Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nPidFile none\nUsePAM yes\n")
    public = (place / "host.pub").read_text()
    (place / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    server = subprocess.Popen([program, "-D", "-f", str(settings), "-E", str(place / "sshd.log")])
    wait_for(lambda: "listening" in (place / "sshd.log").read_text() if (place / "sshd.log").exists() else False)
    return server


def make_clusters(place: Path, version: str, ports: dict[str, int]) -> None:
    """east is the primary, west its standby, cloned with pg_basebackup."""
    for member, port in ports.items():
        name = Debian.name(member)
        run("pg_createcluster", version, name, "-p", str(port), "--", "-k", "-N")
        etc = Path(f"/etc/postgresql/{version}/{name}")
        with (etc / "postgresql.conf").open("a") as conf:
            conf.write("listen_addresses = '127.0.0.1'\nwal_keep_size = '64MB'\nfsync = off\n")
        hba = (etc / "pg_hba.conf").read_text()
        (etc / "pg_hba.conf").write_text(f"host replication,postgres replicator 127.0.0.1/32 trust\n{hba}")
    run("pg_ctlcluster", version, Debian.name("east"), "start")
    debian = Debian(Cctrl({}), version, ports)
    debian.sql("east", "create role replicator login replication")
    functions = "pg_ls_dir(text,boolean,boolean), pg_stat_file(text,boolean), pg_read_binary_file(text)"
    more = "pg_read_binary_file(text,bigint,bigint,boolean)"
    debian.sql("east", f"grant execute on function {functions}, {more} to replicator")
    data = f"/var/lib/postgresql/{version}/{Debian.name('west')}"
    shutil.rmtree(data)
    source = f"host=127.0.0.1 port={ports['east']} user=replicator application_name=west"
    run("runuser", "-u", "postgres", "--", "pg_basebackup", "-D", data, "-R", "-c", "fast", "-d", source)
    run("pg_ctlcluster", version, Debian.name("west"), "start")


def write_config(place: Path, version: str, ssh_port: int, ports: dict[str, int], binaries: Path) -> Path:
    """A configuration as the README shows it for Debian."""
    config = place / "cctrl.toml"
    text = f"""\
state_dir = "{place}/state"
[dataservice.alpha]
bin_dir = "{binaries}"
become = "postgres"
ssh_user = "{ADMIN}"
ssh_port = {ssh_port}
ssh_address = "127.0.0.1"
address = "127.0.0.1"
identity = "{place}/id"
known_hosts = "{place}/known_hosts"
"""
    for member, port in ports.items():
        name = Debian.name(member)
        service = f'"sudo", "-n", "pg_ctlcluster", "{version}", "{name}"'
        text += f"""\
[dataservice.alpha.members.{member}]
port = {port}
data_dir = "/var/lib/postgresql/{version}/{name}"
config_file = "/etc/postgresql/{version}/{name}/postgresql.conf"
start = [{service}, "start"]
stop = [{service}, "stop"]
"""
    config.write_text(text)
    return config


def test_a_debian_pair_is_checked_switched_failed_over_and_recovered(debian: Debian) -> None:
    """The whole life of a service on hosts with sudo, service commands and configuration in /etc."""
    doctor = debian.cctrl("doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    debian.sql("east", "create table t(i int); insert into t values (1)")
    switched = debian.cctrl("-c", "switch")
    assert switched.returncode == 0, switched.stderr
    assert switched.stdout.splitlines()[-1] == "SWITCH TO 'west@alpha' WAS SUCCESSFUL"
    debian.sql("west", "insert into t values (2)")
    debian.kill("west")
    failed_over = debian.cctrl("-c", "failover")
    assert failed_over.returncode == 0, failed_over.stderr
    debian.sql("east", "insert into t values (3)")
    recovered = debian.cctrl("-expert", "-c", "datasource west recover --force")
    assert recovered.returncode == 0, recovered.stderr
    wait_for(lambda: debian.sql("west", "select count(*) from t") == debian.sql("east", "select count(*) from t"))
    assert debian.sql("west", "select pg_is_in_recovery()") == "t"


def test_a_service_command_that_sudo_does_not_allow_is_found_without_running_it(debian: Debian) -> None:
    allow("(postgres) NOPASSWD: ALL")
    doctor = debian.cctrl("doctor")
    assert doctor.returncode == 3
    for word in ("start", "stop"):
        line = f"{word} command: in sudoers: {ADMIN} ALL=(root) NOPASSWD: /usr/bin/pg_ctlcluster {debian.version} "
        assert line in doctor.stderr
    assert debian.sql("east", "select 1") == "1"


def test_sudo_that_is_not_allowed_is_named(debian: Debian) -> None:
    """Without the sudoers rule every command says so, and the doctor names the remedy."""
    allow()
    listed = debian.cctrl("-c", "ls")
    assert listed.returncode == 0
    assert "sudo" in listed.stderr
    assert "UNREACHABLE" not in listed.stdout  # the host answers
    assert "NEXT: cctrl doctor" in listed.stderr
    assert "Traceback" not in listed.stderr
    doctor = debian.cctrl("doctor")
    assert doctor.returncode == 3
    assert f"in sudoers: {ADMIN} ALL=(postgres) NOPASSWD: ALL" in doctor.stderr
    refused = debian.cctrl("-c", "switch")
    assert refused.returncode == 3, refused.stdout + refused.stderr
