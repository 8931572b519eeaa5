"""Backups of a PostgreSQL server on its own host, and coming back from one."""

from __future__ import annotations

from pathlib import PurePosixPath

from cctrl.config import Server
from cctrl.replication.backups import AGENTS, Backup, Stores
from cctrl.replication.copying import Extent
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.facts import WAL_SEGMENT
from cctrl.replication.position import Position
from cctrl.replication.postgresql import copyparse, probe_parse
from cctrl.replication.postgresql.copying import COPY, QUIET, Copies
from cctrl.replication.postgresql.remote import Remote, beside, check
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.steps import Action, Result
from cctrl.replication.strangers import OURS


class Backups:
    """The part of the engine that keeps backups and brings them back."""

    def __init__(self, remote: Remote, copies: Copies) -> None:
        self._remote = remote
        self._copies = copies

    @property
    def handlers(self) -> dict[Action, Handler]:
        """What carries out each action."""
        return {Action.RESTORE: self._restore}

    def stores(self, member: str, log_file: int) -> Stores:
        """See Engine."""
        directory, what = self._directory(self._remote.service.member(member)), f"cannot look for backups on {member}"
        limit = 3 * self._remote.timeout
        result = self._remote.must(member, "backupsurvey", directory, *AGENTS, what=what, timeout=limit)
        return copyparse.stores(result.stdout.splitlines(), directory, log_file)

    def backup(self, member: str, agent: str, extent: Extent, system: str, stanza: str, on_text: OnText) -> str:
        """See Engine."""
        remote = self._remote
        directory, source = self._directory(remote.service.member(member)), remote.way(f"{OURS}backup-{member}", member)
        told = (str(extent.size), system, str(len(extent.tablespaces)), stanza)
        words = (directory, agent, source, remote.service.name, member, *told)
        result, lines = remote.job(member, "backup", "backup", *words, on_text=on_text, stall=QUIET)
        check(result, f"cannot back {member} up", "\n".join(lines[-6:]))
        return next(line.partition(" ")[2] for line in lines if line.startswith("@store "))

    def _restore(self, work: Work) -> Result:
        """Verify the backup that lies in `other` and copy it beside the data directory."""
        step, member = work.step, work.member
        stores = self.stores(member, WAL_SEGMENT)
        backup: Backup | None = next((b for b in stores.backups if b.place == step.other), None)
        if backup is None:
            raise StepFailed(f"the backup {step.other} is gone")
        first = probe_parse.wal_name(backup.timeline, step.position or Position(0), int(backup.ends - backup.begins))
        plan = (work.operation, step.other, "", "", "", "")
        if self._copies.prepare(member, (backup.system, first, *plan)) == "whole":
            return Result(text="a copy that was made before is good still")
        result, lines = self._remote.job(member, COPY, "restore", on_text=work.on_text, stall=QUIET)
        check(result, f"cannot restore {member} from {step.other}", "\n".join(lines[-6:]))
        return Result()

    def _directory(self, server: Server) -> str:
        if server.backup_dir:
            return str(PurePosixPath(server.backup_dir) / f"{self._remote.service.name}.{server.name}")
        return str(beside(server, "backups"))
