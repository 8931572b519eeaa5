"""What `gridDisplay` shows (reference timesten.md, 4.7): the lines that have a counterpart here."""

from __future__ import annotations

import uuid

from cctrl.grid.service import Grid


def lines(grid: Grid) -> list[tuple[str, str]]:
    """Name and value of each line; what only a host knows is the answer of the first one that gives one."""
    hosts = list(dict.fromkeys(i.host for i in grid.instances))
    ran = grid.execute(hosts, ["id"], limit=grid.config.timeout)
    user = next((one.output for one in ran if one.status == 0), "")
    ids = dict(part.split("=", 1) for part in user.split() if "=" in part)
    names = [i.name for i in grid.instances]
    userid, group = _named(ids.get("uid", "")), _named(ids.get("gid", ""))
    return [
        ("Grid name", grid.name),
        ("Grid GUID", str(uuid.uuid5(uuid.NAMESPACE_OID, ",".join([grid.name, *names]))).upper()),
        ("K", str(grid.k)),
        ("Admin Userid", userid[1]),
        ("Admin UID", userid[0]),
        ("Admin Group", group[1]),
        ("Admin GID", group[0]),
    ]


def _named(text: str) -> tuple[str, str]:
    """`1000(postgres)` as number and name."""
    number, _, name = text.partition("(")
    return number, name.rstrip(")")
