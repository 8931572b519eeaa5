"""Puts segments at other places in the catalog, and back where the copy to there failed (reference greenplum.md, 7,
steps 12 and 15)."""

from __future__ import annotations

from dataclasses import replace

from cctrl.outcome import Refused
from cctrl.segments import catalog_sql
from cctrl.segments.catalog import Row
from cctrl.segments.recover.work import Ended, Job, Stage
from cctrl.segments.utilities.running import Run


def moved(run: Run, jobs: list[Job]) -> None:
    """From here on the catalog names the new places. Raises Refused, StepFailed: nothing was changed then."""
    _put(run, [job.at for job in jobs if job.moves], "resync")


def back_out(run: Run, ended: list[Ended]) -> None:
    """Where nothing was copied the catalog names the old place again. Raises Refused, StepFailed."""
    rows = [one.job.failed for one in ended if one.stage is Stage.COPY and one.job.moves]
    if rows:
        text = "Some mirrors failed during basebackup. Reverting the gp_segment_configuration updates for these mirrors"
        run.log.debug(text)
    _put(run, rows, "backout")


def _put(run: Run, places: list[Row], what: str) -> None:
    if not places:
        return
    cluster = run.cluster
    before = cluster.catalog()
    changes = [(before.row(row.dbid), row) for row in places]
    for row, _ in changes:
        if row.primary or row.up:
            raise Refused(f"dbid {row.dbid} is no mirror that is down now: FTS has changed it", next="gpstate -e")
    new = {row.dbid: row for row in places}
    cluster.follow(
        replace(row, hostname=at.hostname, port=at.port, datadir=at.datadir) if (at := new.get(row.dbid)) else row
        for row in before.rows
    )
    try:
        cluster.write(f"{catalog_sql.moved(changes, what)}; {cluster.access(places)}")
    finally:
        cluster.catalog()
