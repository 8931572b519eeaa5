"""`gprecoverseg -r`: a deliberate failover brings all into their preferred roles (reference greenplum.md, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cctrl.outcome import CctrlError, OutOfSight, Refused
from cctrl.replication.executor import Performer
from cctrl.replication.facts import Facts
from cctrl.replication.operation import NO_END
from cctrl.replication.steps import Action, Step
from cctrl.segments.catalog import ROLES, Catalog, Pair
from cctrl.segments.recover import preparing
from cctrl.segments.recover.dispatch import dispatched
from cctrl.segments.recover.recover_options import REPLAY_LAG
from cctrl.segments.recover.work import RULE
from cctrl.segments.service import Cluster, now
from cctrl.segments.utilities.running import Run
from cctrl.segments.watch import fts
from cctrl.store import Operation
from cctrl.threads import paused

QUESTION = "Continue with segment rebalance procedure"
EXCHANGE, RECOVERY = "gprecoverseg -r", "gprecoverseg -r: recovery"
"""Its two operations in the journal: the second brings back what the first stopped."""
STOPPED = "stopped by a rebalance that was broken off"
PROMOTION = 600.0  # seconds that the promotions may take
LOOK = 0.2
STARS = "*" * 66
START_ANOTHER = "=============================START ANOTHER RECOVER========================================="
END_ANOTHER = "==============================END ANOTHER RECOVER=========================================="


class Recover(Protocol):
    """gprecoverseg.recover."""

    def __call__(self, run: Run, catalog: Catalog, seen: dict[int, Facts], *, asked: bool) -> int:
        """Recover what is down; the exit status."""


def parameters(pairs: list[Pair]) -> Iterator[str]:
    """The table: two blocks for each pair, the acting primary's first."""
    rows = [row for pair in pairs for row in pair.rows]
    yield from ("Greenplum instance recovery parameters", RULE, "Recovery type              = Rebalance", RULE)
    for number, row in enumerate(rows, 1):
        yield f"Unbalanced segment {number} of {len(rows)}"
        yield RULE
        for key, value in (
            ("Unbalanced instance host", row.hostname),
            ("Unbalanced instance address", row.address),
            ("Unbalanced instance directory", row.datadir),
            ("Unbalanced instance port", row.port),
            ("Balanced role", ROLES[row.preferred_role]),
            ("Current role", ROLES[row.role]),
        ):
            yield f"   {key:<31} = {value}"
        yield RULE


def rebalance(run: Run, catalog: Catalog, recover: Recover) -> int:
    """The whole of it; the exit status."""
    unbalanced = [pair for pair in catalog.pairs if not pair.balanced]
    if not unbalanced:
        run.log.info("No segments are running in their non-preferred role and need to be rebalanced.")
        return _brought_back(run, left_over(run.cluster, catalog), recover)
    for text in parameters(unbalanced):
        run.log.info(text)
    run.log.warning("This operation will cancel queries that are currently executing.")
    run.log.warning("Connections to the database however will not be interrupted.")
    stopping = ", ".join(pair.primary.place for pair in unbalanced)
    run.log.truth(f"connections to the coordinator are not; those to {stopping} end, because that is shut down")
    if not run.given.no_prompt and not preparing.confirmed(run, QUESTION):
        return 4
    run.log.info("Determining primary and mirror segment pairs to rebalance")
    run.cluster.scan()  # or primaries would be stopped for nobody to notice, or left because of an old mode
    catalog = run.cluster.catalog()
    unbalanced = [pair for pair in catalog.pairs if not pair.balanced]
    seen = run.cluster.probe(tuple(row for pair in unbalanced for row in pair.rows))
    fit = [pair for pair in unbalanced if _able(run, pair, seen)]
    if fit:
        _replay(run, fit, seen)
        _moved(run, fit, recover)
    elif places := left_over(run.cluster, catalog):
        if status := _brought_back(run, places, recover):
            return status
    else:
        run.log.info("No segments to rebalance")
        run.log.truth(
            f"nothing was rebalanced: {len(unbalanced)} pairs are not up, reachable and in sync by the catalog"
        )
        run.log.truth("NEXT: gpstate -e   (and gprecoverseg where segments are down; then gprecoverseg -r)")
    for text in (STARS, "The rebalance operation has completed successfully.", STARS):
        run.log.info(text)
    return 0


def left(last: Operation | None, catalog: Catalog) -> list[str]:
    """What the last operation, a rebalance that was broken off, stopped and did not bring back: its places."""
    if last is None or not (last.verb == EXCHANGE or (last.verb == RECOVERY and last.outcome in NO_END)):
        return []
    stopped = last.target.split(",")
    return [row.place for row in catalog.segments if not row.up and row.place in stopped]


def left_over(cluster: Cluster, catalog: Catalog) -> list[str]:
    """The same of the cluster's last operation."""
    return left(next(iter(cluster.store.operations(cluster.name, 1)), None), catalog)


def _brought_back(run: Run, places: list[str], recover: Recover) -> int:
    if not places:
        return 0
    run.log.truth(f"{STOPPED}, and recovered now: {', '.join(places)}")
    return recover(run, *dispatched(run), asked=not run.given.no_prompt)


def able(pair: Pair, seen: dict[int, Facts]) -> bool:
    """True where both are up, reachable, and in sync by the catalog."""
    return pair.synchronized and all(seen[row.dbid].up for row in pair.rows)


def _able(run: Run, pair: Pair, seen: dict[int, Facts]) -> bool:
    if able(pair, seen):
        return True
    run.log.warning(
        f"Not rebalancing primary segment dbid {pair.primary.dbid} with its mirror dbid {pair.mirror.dbid} because "
        "one is either down, unreachable, or not synchronized"
    )
    return False


def _replay(run: Run, pairs: list[Pair], seen: dict[int, Facts]) -> None:
    """Refuse where a mirror has too much to replay before it could take writes. Raises Refused."""
    if run.given.disable_replay_lag:
        return
    limit = REPLAY_LAG if run.given.replay_lag is None else run.given.replay_lag
    run.log.info(f"Allowed replay lag during rebalance is {limit:g} GB")
    for pair in pairs:
        found = fts.receiver(seen[pair.primary.dbid])
        behind = max(0, found.flushed - found.replayed) if found else 0
        if behind >= limit * (1 << 30) and behind > 0:
            raise Refused(
                f"{behind} bytes of wal is still to be replayed on mirror with dbid {pair.mirror.dbid}, let mirror "
                "catchup on replay then trigger rebalance. Use --replay-lag to configure the allowed replay lag limit "
                "or --disable-replay-lag to disable the check completely if you wish to continue with rebalance anyway"
            )


def _moved(run: Run, pairs: list[Pair], recover: Recover) -> None:
    """Stop the acting primaries, let FTS promote, bring the stopped ones back."""
    operation = run.operation(EXCHANGE)
    with operation.entered(target=",".join(pair.primary.place for pair in pairs)):
        run.log.info("Stopping unbalanced primary segments...")
        with run.dots():
            stopped = _stopped(run, pairs, operation)
        run.log.info("Triggering segment reconfiguration")
        _promoted(run, stopped)
    run.log.info("Starting segment synchronization")
    run.log.info(START_ANOTHER)
    status = recover(run, *dispatched(run), asked=False)
    run.log.info(END_ANOTHER)
    if status:
        for text in (
            "Failed to start the synchronization step of the segment rebalance.",
            "Check the gprecoverseg log file, correct any problems, and re-run",
            run.text,
        ):
            run.log.error(text)
        raise Refused("Error synchronizing. ", next="gprecoverseg -a")


def _stopped(run: Run, pairs: list[Pair], performer: Performer) -> list[Pair]:
    """Shut the acting primaries down, side by side: all they wrote goes to their mirrors first."""

    def stop(pair: Pair) -> str:
        name, other = run.cluster.member(pair.primary), run.cluster.member(pair.mirror)
        try:
            performer.perform(Step(Action.STOP, name, other), {}, lambda _: None)
        except CctrlError as error:
            return "; ".join(error.lines())
        return ""

    answers = run.cluster.hosts.fan_out(pairs, stop)
    failed = [answer for answer in answers if answer]
    if failed:
        for text in (
            f"{len(failed)} segments failed to stop.  A full rebalance of the",
            "system is not possible at this time.  Please check the",
            "log files, correct the problem, and run gprecoverseg -r",
            "again.",
        ):
            run.log.warning(text)
        run.log.info("gprecoverseg will continue with a partial rebalance.")
        for answer in failed:
            run.log.truth(answer)
    return [pair for pair, answer in zip(pairs, answers, strict=True) if not answer]


def _promoted(run: Run, pairs: list[Pair]) -> None:
    """Wait until each mirror accepts writes as the catalog's acting primary. Raises OutOfSight."""
    run.cluster.scan()
    until = now() + PROMOTION
    rows = tuple(pair.mirror for pair in pairs)
    while now() < until:
        current = run.cluster.catalog()
        if all(current.row(row.dbid).primary for row in rows):
            seen = run.cluster.probe(rows)
            if all(facts.writable for facts in seen.values()):
                return
        if paused(LOOK):
            break
    raise OutOfSight(f"Mirror promotion did not complete in {PROMOTION:g} seconds.", next="gpstate -e")
