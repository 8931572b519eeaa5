"""Backups of a PostgreSQL server on its own host, and coming back from one."""

from __future__ import annotations

from pathlib import PurePosixPath

from cctrl.config import Server, Service
from cctrl.replication.backups import AGENTS, Backup, Stores
from cctrl.replication.copying import Extent
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.position import Position
from cctrl.replication.postgresql import conninfo, copyparse, probe_parse
from cctrl.replication.postgresql.copying import QUIET, Copies, telling
from cctrl.replication.postgresql.remote import beside, check, command
from cctrl.replication.steps import Result, Step
from cctrl.ssh import CommandResult, Hosts, Job, run_job


class Backups:
    """The part of the engine that keeps backups and brings them back."""

    def __init__(self, hosts: Hosts, service: Service, copies: Copies, timeout: float) -> None:
        self.hosts = hosts
        self.service = service
        self.copies = copies
        self.timeout = timeout

    def stores(self, member: str, log_file: int) -> Stores:
        """See Engine."""
        server = self.service.member(member)
        directory = self._directory(server)
        argv = command("backupsurvey", server, (directory, *AGENTS))
        result = self.hosts.run(server.host, argv, timeout=3 * self.timeout)
        check(result, f"cannot look for backups on {member}")
        return copyparse.stores(result.stdout.splitlines(), directory, log_file)

    def backup(self, member: str, agent: str, extent: Extent, system: str, on_text: OnText) -> str:
        """See Engine."""
        server = self.service.member(member)
        source = conninfo.to_source(self.service, f"cctrl-backup-{member}", server)
        words = (self._directory(server), agent, source, self.service.name, member, str(extent.size), system)
        result, lines = self._job(server, f"backup-{member}", command("backup", server, words), on_text)
        check(result, f"cannot back {member} up", "\n".join(lines[-6:]))
        return next(line.partition(" ")[2] for line in lines if line.startswith("@store "))

    def restore(self, step: Step, operation: str, on_text: OnText) -> Result:
        """Action.RESTORE: verify the backup in the directory `step.other` and copy it beside the data directory."""
        member, server = step.member, self.service.member(step.member)
        stores = self.stores(member, 16 << 20)
        backup: Backup | None = next((b for b in stores.backups if b.directory == step.other), None)
        if backup is None:
            raise StepFailed(f"the backup {step.other} is gone")
        first = probe_parse.wal_name(backup.timeline, step.position or Position(0), int(backup.ends - backup.begins))
        plan = (operation, step.other, "", "", "", "")
        if self.copies.prepare(member, (backup.system, first, *plan)) == "whole":
            return Result(text="a copy that was made before is good still")
        result, lines = self._job(server, f"copy-{member}", command("restore", server, ()), on_text)
        check(result, f"cannot restore {member} from {step.other}", "\n".join(lines[-6:]))
        return Result()

    def _job(
        self, server: Server, name: str, argv: tuple[str, ...], on_text: OnText
    ) -> tuple[CommandResult, list[str]]:
        job = Job(name=name, directory=str(PurePosixPath(server.data_dir).parent), argv=argv)
        lines, tell = telling(on_text)
        return run_job(self.hosts, server.host, job, on_line=tell, stall=QUIET), lines

    def _directory(self, server: Server) -> str:
        if server.backup_dir:
            return str(PurePosixPath(server.backup_dir) / f"{self.service.name}.{server.name}")
        return str(beside(server, "backups"))
