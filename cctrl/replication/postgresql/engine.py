"""The PostgreSQL engine: `looking` looks, `acting`, `replay`, `copying` and `backups` carry out the steps of plans."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cctrl.config import Service
from cctrl.replication.engine import OnText
from cctrl.replication.position import Position
from cctrl.replication.postgresql.acting import Acting
from cctrl.replication.postgresql.backups import Backups
from cctrl.replication.postgresql.copying import Copies
from cctrl.replication.postgresql.inquiries import Inquiries
from cctrl.replication.postgresql.looking import Looking
from cctrl.replication.postgresql.placing import Placing
from cctrl.replication.postgresql.remote import Remote
from cctrl.replication.postgresql.replay import Replay
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.steps import Action, Result, Step
from cctrl.ssh import Hosts
from cctrl.threads import to_its_end

SHORT = frozenset({Action.MARK, Action.PAUSE, Action.RESUME})  # soon done, and put back by what does not wait for them


class PostgreSQL(Looking):
    """Engine over SSH for the servers of one service."""

    def __init__(
        self,
        hosts: Hosts,
        service: Service,
        *,
        timeout: float,
        look: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`timeout`: seconds a short step may take; `look`: one look (as long where 0)."""
        remote = Remote(hosts, service, timeout)
        super().__init__(remote, look or timeout, clock)
        self.hosts = hosts
        self.service = service
        self.operation = ""
        self.inquiries = Inquiries(remote)
        self.copies = Copies(remote)
        self.backups = Backups(remote, self.copies)
        self.handlers: dict[Action, Handler] = {
            **Acting(remote, self).handlers,
            **Replay(remote).handlers,
            **Placing(remote).handlers,
            **self.copies.handlers,
            **self.backups.handlers,
        }

    def serve(self, service: Service) -> None:
        """From now on its members are where this says; what is known of them stays."""
        self.service = self.remote.service = service

    def perform(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        """See Engine."""
        work = Work(step, known, on_text, self.operation or "by-hand")
        if step.action in SHORT:
            return to_its_end(lambda: self.handlers[step.action](work))
        return self.handlers[step.action](work)
