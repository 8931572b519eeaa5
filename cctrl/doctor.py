"""`cctrl doctor`: is everything as it must be? Every check names what was found and the remedy."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cctrl.config import Config, Server, Service
from cctrl.outcome import CctrlError, Outcome
from cctrl.replication.checkup import Check, on_host, on_server, permission, question
from cctrl.replication.facts import Facts
from cctrl.replication.position import size
from cctrl.ssh.by_hand import login

if TYPE_CHECKING:
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.shell.options import Options
    from cctrl.ssh import Hosts


GRANT = (
    "GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), "
    "pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean)"
)


def main(config: Config, options: Options, ask_secret: Callable[[str], str | None]) -> Outcome:
    """Check every host of the service given, or of all; print a table, or JSON. REFUSED where a check fails.

    Raises UsageError for an unknown service.
    """
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.ssh import Hosts

    checks: list[Check] = []
    with Hosts(timeout=config.timeout, ask_secret=ask_secret) as hosts:
        for service in config.chosen(options.service):
            placed, left = _segments(config, service, hosts) if service.kind == "segments" else (service, [])
            checks += [*examine(placed, PostgreSQL(hosts, placed, timeout=config.timeout)), *left]
            checks += _beside_elements(config, service, hosts) if service.kind == "grid" else []
    _print(checks, as_json=options.json)
    return Outcome.DONE if all(check.ok for check in checks) else Outcome.REFUSED


def examine(service: Service, engine: PostgreSQL) -> list[Check]:
    """All checks of one service, its hosts examined side by side."""
    found = engine.hosts.fan_out(service.members, lambda member: _one(service, engine, member))
    checks = [check for some in found for check in some]
    up = {check.host for check in checks if check.name == "server" and check.ok}
    everyone = service.members
    sets = [(m, s) for m in everyone for s in everyone if m is not s and m.content == s.content]  # who may copy whom
    pairs = [(m.name, s.name) for m, s in sets if s.name in up]
    reached = {check.host for check in checks if check.name == "SSH" and check.ok}
    links = engine.hosts.fan_out(
        [pair for pair in pairs if pair[0] in reached], lambda pair: _link(service, engine, *pair)
    )
    return checks + links + _spares(service, engine)


def _one(service: Service, engine: PostgreSQL, member: Server) -> list[Check]:
    checks, said, user = _host(engine, member)
    if not said or service.kind == "grid":  # its servers are its manager's, which tells how they are
        return checks
    facts = engine.probe(member.name)
    checks += [*on_server(facts, said, len(service.members)), *_kept_aside(service, engine, member)]
    return [*checks, *_service_commands(engine, member, user), *_rights(service, engine, facts)]


def _host(engine: PostgreSQL, member: Server) -> tuple[list[Check], dict[str, str], str]:
    """What is checked of a host; what it says of itself, nothing where it cannot be asked; as whom."""
    result = engine.hosts.run(member.host, ["id", "-un"], become=False)
    user = result.stdout.strip()
    words = result.reason or f"answers in {result.duration * 1000:.0f} ms as {user}"
    ssh = Check("SSH", member.name, result.ok, words, result.next or login(member.host))
    if not result.ok:
        return [ssh], {}, user
    examined = engine.examine(member.name)
    if not examined.ok:
        become = member.host.become
        remedy = f"in sudoers: {user} ALL=({become}) NOPASSWD: ALL" if become else "see the message"
        failed = Check("commands", member.name, False, examined.stderr.strip() or examined.reason, remedy)
        return [ssh, failed], {}, user
    said = dict(_pairs(examined.stdout))
    return [ssh, *on_host(member.name, said, member.host.become or "")], said, user


def _spares(service: Service, engine: PostgreSQL) -> list[Check]:
    """The hosts without a server: whether one could be made there."""
    if not service.spares:
        return []
    usual = service.members[-1].data_dir
    spares = tuple(
        replace(spare, data_dir=f"{spare.data_dir}/segment" if spare.data_dir else usual) for spare in service.spares
    )
    engine.serve(replace(service, members=(*service.members, *spares)))
    found = engine.hosts.fan_out(spares, lambda spare: _host(engine, spare)[0])
    return [check for checks in found for check in checks]


def _beside_elements(config: Config, service: Service, hosts: Hosts) -> list[Check]:
    """What is kept aside beside the elements of a grid's databases, which its record knows."""
    from cctrl.grid import inventory
    from cctrl.grid.record import Record
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.store.sqlite import FILE, SqliteStore

    path = config.state_dir / FILE
    if not path.exists():
        return []
    store = SqliteStore(path)
    try:
        databases = Record(store, service.name).databases()
    finally:
        store.close()
    made = [(inventory.elements(service, d), e.instance) for d in databases for e in d.elements if e.made]
    found = hosts.fan_out(
        made,
        lambda one: list(_kept_aside(one[0], PostgreSQL(hosts, one[0], timeout=config.timeout), one[0].member(one[1]))),
    )
    return [check for checks in found for check in checks]


def _segments(config: Config, service: Service, hosts: Hosts) -> tuple[Service, list[Check]]:
    """A cluster with its segments where its catalog has them, as far as that can be read; what lies at places that
    they have left."""
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.segments import catalog, catalog_sql, inventory, left

    asking, coordinator = Asking(hosts, service, config.timeout), inventory.coordinator(service).name
    found = asking.try_sql(coordinator, catalog_sql.READ)
    if not found.ok:
        return service, []
    try:
        placed = inventory.placed(service, catalog.read(found.stdout).rows)
        places = left.behind(service, placed, left.recorded(asking, coordinator))
    except CctrlError:  # ls and gpstate say what is wrong with it
        return service, []
    one = partial(_left_behind, config, placed, hosts)
    return placed, [check for checks in hosts.fan_out(places, one) for check in checks]


def _left_behind(config: Config, placed: Service, hosts: Hosts, place: Server) -> list[Check]:
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.segments import left

    engine = PostgreSQL(hosts, replace(placed, members=(place,)), timeout=config.timeout)
    member = next(member for member in placed.members if member.dbid == place.dbid)
    system = PostgreSQL(hosts, placed, timeout=config.timeout).probe(member.name).system
    try:
        found = left.looked_at(engine, place, system)
    except CctrlError:
        return []
    away = f"when no longer needed: datasource {member.host.name}:{member.port} cleanup"
    room = f"{size(sum(one.size for one in found))} in {left.where(place)}; {away}"
    return [Check("left behind", member.name, True, room)] if found else []


def _kept_aside(service: Service, engine: PostgreSQL, member: Server) -> Iterator[Check]:
    """What recoveries moved or kept aside takes room; nothing is wrong with it."""
    try:
        found = engine.copies.aside(member.name)
    except CctrlError:
        return
    if found:
        called = f"{member.host.name}:{member.port}" if service.kind == "segments" else member.name
        away = f"; when no longer needed: datasource {called} cleanup"
        numbers = f"{size(sum(one.size for one in found))} in {len(found)} directories"
        yield Check("kept aside", member.name, True, f"{numbers}{away}")


def _service_commands(engine: PostgreSQL, member: Server, user: str) -> Iterator[Check]:
    """Whether the SSH user may start and stop the server as the configuration says; neither is done."""
    for name, argv in (("start", member.start), ("stop", member.stop)):
        if argv:
            asked = engine.hosts.run(member.host, question(argv), become=False)
            lines = (asked.stderr or asked.reason).strip().splitlines()
            said = lines[-1] if lines else f"{argv[0]} is not there, or not allowed"
            found = f"{user} may run: {shlex.join(argv)}" if asked.ok else said
            yield Check(f"{name} command", member.name, asked.ok, found, permission(argv, user))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, _, value = line.partition(":")
        yield key, value.strip()


def _rights(service: Service, engine: PostgreSQL, facts: Facts) -> list[Check]:
    """Whether the replication role may do what receiving and rewinding need; asked on the primary."""
    if not facts.writable:
        return []
    lacking = engine.lacking_rights(facts.name)
    user = service.replication_user
    role = "CREATE" if "the role" in lacking else "ALTER"
    remedy = f"{role} ROLE {user} LOGIN REPLICATION PASSWORD '…'; {GRANT} TO {user}"
    found = f"{user} lacks: {', '.join(lacking)}" if lacking else f"{user} may receive and rewind"
    return [Check("replication role", facts.name, not lacking, found, remedy)]


def _link(service: Service, engine: PostgreSQL, member: str, source: str) -> Check:
    refused = engine.source_refuses(member, source)
    server = service.member(source)
    user = service.replication_user
    found = refused or f"{user} may receive from {server.address}:{server.port}"
    remedy = f"in pg_hba.conf of {source}: host replication,all {user} ADDRESS scram-sha-256; password in the passfile"
    return Check(f"receives from {source}", member, not refused, found, remedy)


def _print(checks: list[Check], *, as_json: bool) -> None:
    if as_json:
        import json
        from dataclasses import asdict, replace

        document = {
            "schema_version": 1,
            "checks": [asdict(replace(check, remedy="") if check.ok else check) for check in checks],
        }
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
        return
    from tabulate import tabulate

    rows = [(check.host, check.name, "ok" if check.ok else "FAILED", check.found) for check in checks]
    sys.stdout.write(tabulate(rows, headers=("HOST", "CHECK", "RESULT", "FOUND"), tablefmt="plain") + "\n")
    failed = [check for check in checks if not check.ok]
    sys.stdout.write(f"{len(checks) - len(failed)} of {len(checks)} checks hold\n")
    for check in failed:
        sys.stderr.write(f"NEXT: {check.host}, {check.name}: {check.remedy}\n")
