"""`datasource HOST recover` of an old master whose log went on after the fork, with 200 MB of data."""

from __future__ import annotations

from collections.abc import Iterator

from bench import byhand
from bench.figures import Figure, in_turn
from bench.move import FIRST, SECOND, THIRD
from bench.place import Lab, Place, Shell, milliseconds
from bench.sessions import Open
from cctrl.lab.processes import wait_until

SCALE = "13"  # of pgbench: 200 MB
ROWS = 20_000  # of an open transaction that only the old master has
CHANGES = "1000"  # transactions of pgbench on the new one


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """cctrl and pg_rewind by hand in turn, on the same servers, diverged anew each time."""
    lab = place.lab("recover")
    _fill(lab)
    shell = place.shell(lab.config)

    def ours() -> float:
        _diverge(lab, shell)
        took = shell(f"datasource {FIRST} recover --rewind")
        if not any("rewind" in line for line in shell.said):
            raise RuntimeError("it was not a rewind:\n" + "\n".join(shell.said))
        _back(lab, shell)
        return took

    def theirs() -> float:
        _diverge(lab, shell)
        took = milliseconds(lambda: byhand.run(lab, "rewind", FIRST, SECOND))
        shell(f"datasource {FIRST} recover")  # nothing is left to do but to say so
        _back(lab, shell)
        return took

    mine, other = in_turn(samples, ours, theirs)
    size = int(lab.sql(FIRST, "select sum(pg_database_size(oid)) from pg_database")) >> 20
    yield Figure("recover, rewinding", mine, other, "pg_rewind and start by hand", 1.15, note=f"{size} MB")


def _fill(lab: Lab) -> None:
    _pgbench(lab, FIRST, "-i", "-q", "-s", SCALE)
    lab.sql(FIRST, "create table open (filler text)", "checkpoint")
    lab.as_real_servers()


def _pgbench(lab: Lab, host: str, *words: str) -> None:
    server = lab.service.member(host)
    where = ["-h", server.socket_dir, "-p", str(server.port), "-U", server.user, server.database]
    lab.place.run([f"{server.bin_dir}/pgbench", *words, *where])


def _diverge(lab: Lab, shell: Shell) -> None:
    """The master goes on writing when nobody receives any more, and dies; another one takes over and goes on too.

    What only the old one has is a transaction that was never committed: nothing to keep, but much to rewind.
    """
    lab.sql(FIRST, "checkpoint")
    for name in (SECOND, THIRD):
        lab.sql(name, "alter system set primary_conninfo = ''", "select pg_reload_conf()")
    _wait_until(lab, FIRST, "select count(*) = 0 from pg_stat_replication")
    words = f"begin;\ninsert into open select repeat('x', 500) from generate_series(1, {ROWS});\n"
    session = Open(lab, FIRST, words + "select pg_switch_wal() is null;\n")
    session.done()
    lab.do("kill", FIRST)
    session.close()
    shell("failover to " + SECOND)
    _pgbench(lab, SECOND, "-n", "-t", CHANGES)


def _wait_until(lab: Lab, host: str, question: str) -> None:
    if not wait_until(lambda: lab.sql(host, question) == "t", 20, 0.05):
        raise RuntimeError(f"{host}: not true within 20 s: {question}")


def _back(lab: Lab, shell: Shell) -> None:
    shell(f"datasource {FIRST} online")
    shell("switch to " + FIRST)
