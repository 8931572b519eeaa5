"""Ctrl-C while gprecoverseg recovers: the documented question, and what becomes of the work (reference greenplum.md,
7).

A copy is ended: it was made beside the data directory, which is as it was. A rewind goes on to its end: half of one
would leave a data directory that cannot be started.
"""

from __future__ import annotations

import contextlib
from threading import Event

from cctrl.outcome import CctrlError, Refused
from cctrl.segments.recover import preparing
from cctrl.segments.recover.work import Job
from cctrl.segments.utilities.running import Run

WARNED = (
    "It is not recommended to terminate a recovery procedure midway. However, if you choose to proceed, you will need "
    "to run either gprecoverseg --differential or gprecoverseg -F to start a new recovery process the next time."
)
QUESTION = "Continue terminating gprecoverseg"
INTERRUPTED = "gprecoverseg process was interrupted by the user."
COMPLETED = "Not able to terminate the recovery process since it has been completed successfully."


class Interrupting:
    """Whether a run is to come to its end early; asked and told from the main thread, looked at by all."""

    def __init__(self, run: Run, jobs: list[Job]) -> None:
        self._run = run
        self._jobs = jobs
        self._ending = Event()
        self._asking = False

    @property
    def ending(self) -> bool:
        """True once no further segment is begun."""
        return self._ending.is_set()

    def progress(self, text: str) -> None:
        """Show how far the work is, but where the question stands."""
        if not self._asking:
            self._run.talk.progress(text)

    def asked(self) -> bool:
        """Ctrl-C was pressed: ask, and end what can be ended. True where nobody waits for the rest: at the second."""
        if self.ending:
            return True
        if not self._meant():
            return False
        self._ending.set()
        self._run.cluster.hosts.fan_out([job for job in self._jobs if job.kind.copies], self._end)
        if any(not job.kind.copies for job in self._jobs):
            self._run.log.truth("a rewind that has begun goes on to its end: half of one could not be started")
        return False

    def _meant(self) -> bool:
        self._asking = True
        try:
            self._run.log.warning("Recieved SIGINT signal, terminating gprecoverseg")
            self._run.log.raw("")
            self._run.log.raw(WARNED)
            return preparing.confirmed(self._run, QUESTION, abort=False)
        except Refused:  # nobody can be asked: who sends a signal means it
            return True
        finally:
            self._asking = False

    def _end(self, job: Job) -> None:
        with contextlib.suppress(CctrlError):  # its own run says how it ended
            self._run.cluster.engine.copies.end(self._run.cluster.member(job.at))
