"""What must be true of hosts and servers before cctrl can be relied on, each with its remedy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cctrl.replication.facts import Facts, Server
from cctrl.replication.position import size

SKEW_LIMIT = 2.0  # seconds
FREE_LIMIT = 1 << 30  # bytes


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked on one host."""

    name: str
    host: str
    ok: bool
    found: str
    remedy: str = ""


def on_host(host: str, said: Mapping[str, str], become: str) -> Iterator[Check]:
    """What the host itself says: user, programs, places, resident agents."""
    user = said.get("who", "")
    if become:
        remedy = f"in sudoers: the SSH user may act as {become} unasked"
        yield Check("sudo", host, user == become, f"commands run as {user}", remedy)
    missing = said.get("missing", "")
    remedy = "install them; bin_dir in the configuration names where PostgreSQL's are"
    yield Check("programs", host, not missing, f"missing: {missing}" if missing else "all there", remedy)
    parent = said.get("parent", "")
    yield Check("place for locks and jobs", host, parent == "writable", parent, f"let {user} write there")
    agents = said.get("agents", "")
    remedy = "let one of the two manage the servers: stop it, or use its own commands"
    yield Check("no other manager", host, not agents, f"running: {agents}" if agents else "none runs", remedy)


def on_server(facts: Facts, said: Mapping[str, str], members: int) -> Iterator[Check]:
    """What was seen of the server."""
    host = facts.name
    wrong = facts.server in (Server.MISCONFIGURED, Server.NO_BINARIES)
    remedy = "correct bin_dir or data_dir in the configuration" if wrong else "start it, or let it be recovered"
    if facts.server is Server.NO_DATA:
        remedy = f"a full copy: cctrl -c 'tprovision {host}'"
    yield Check("server", host, facts.up, facts.reason or facts.server.value, remedy)
    binaries = said.get("version", "").removeprefix("postgres (PostgreSQL) ").split(" ")[0]
    if facts.version and binaries:
        same = binaries.split(".")[0].rstrip("betarc") == str(facts.version)
        found = f"server {facts.version}, programs {binaries}"
        yield Check("version", host, same, found, "bin_dir must be of the server's major version")
    skew = f"{facts.clock_skew:+.1f} s, limit {SKEW_LIMIT:.0f} s"
    yield Check("clock", host, abs(facts.clock_skew) <= SKEW_LIMIT, skew, "run an NTP client on the host and here")
    if facts.free is not None:
        found = f"{size(facts.free)} free, limit {size(FREE_LIMIT)}"
        yield Check("disk", host, facts.free >= FREE_LIMIT, found, "make room: kept log and rewinds need it")
    found = "wal_log_hints or checksums are on" if facts.rewindable else "neither wal_log_hints nor checksums are on"
    remedy = "alter system set wal_log_hints = on; then restart (without it an old master needs a full copy)"
    if facts.server is not Server.UNSEEN:
        yield Check("rewind possible", host, facts.rewindable, found, remedy)
    if facts.up:
        yield from _settings(facts, members)


def _settings(facts: Facts, members: int) -> Iterator[Check]:
    host, settings = facts.name, facts.settings
    level = settings.get("wal_level", "")
    yield Check("wal_level", host, level in ("replica", "logical"), level, "wal_level = replica, then restart")
    hot = settings.get("hot_standby", "")
    yield Check("hot_standby", host, hot == "on", hot, "hot_standby = on, then restart")
    senders = int(settings.get("max_wal_senders", "0"))
    found = f"{senders}, wanted at least {members + 1}"
    yield Check("max_wal_senders", host, senders > members, found, f"max_wal_senders = {members + 3}, then restart")
    kept = settings.get("wal_keep_size", "0")
    slot = settings.get("primary_slot_name", "")
    archive = settings.get("restore_command", "")
    ways = [
        f"wal_keep_size = {kept}" if kept not in ("0", "0MB") else "",
        f"slot {slot}" if slot else "",
        "restore_command" if archive else "",
    ]
    found = ", ".join(way for way in ways if way) or "nothing keeps log for a standby that is away"
    remedy = "wal_keep_size = '1GB' (or slots, or an archive with restore_command), then reload"
    yield Check("log is kept", host, any(ways), found, remedy)


def question(argv: Sequence[str]) -> list[str]:
    """What is run to learn whether a command may be, without running it: sudo is asked, else its program looked for."""
    options, words = _sudo(argv)
    if words:
        return ["sudo", "-n", "-l", *options, "--", *words]
    return ["sh", "-c", 'command -v -- "$1"', "sh", argv[0]]


def permission(argv: Sequence[str], user: str) -> str:
    """The remedy where it may not."""
    options, words = _sudo(argv)
    if not words:
        return f"install {argv[0]}, or correct the command in the configuration"
    whom = options[options.index("-u") + 1] if "-u" in options[:-1] else "root"
    program = words[0] if words[0].startswith("/") else f"/usr/bin/{words[0]}"
    return f"in sudoers: {user} ALL=({whom}) NOPASSWD: {' '.join([program, *words[1:]])}"


def _sudo(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """sudo's options but -n, and the command behind them; nothing where it is not run by sudo."""
    if argv[0].rpartition("/")[2] != "sudo":
        return [], []
    rest, options = list(argv[1:]), []
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        options += [] if option == "-n" else [option]
        if option in ("-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T") and rest:
            options.append(rest.pop(0))
    return options, rest
