"""Hosts by SSH: warm connections, commands with deadlines, detached jobs, leases.

Knows no database. Importing it costs no paramiko: that is loaded with the first connection.
"""

from cctrl.ssh.hosts import CommandEvent, Hosts
from cctrl.ssh.jobs import Job, end_job, run_job
from cctrl.ssh.leases import LOST, Held, Lease, fenced, hold, under, unfenced
from cctrl.ssh.result import CommandResult, Ended
from cctrl.ssh.trust import accept, trust

__all__ = [
    "LOST",
    "CommandEvent",
    "CommandResult",
    "Ended",
    "Held",
    "Hosts",
    "Job",
    "Lease",
    "accept",
    "end_job",
    "fenced",
    "hold",
    "run_job",
    "trust",
    "under",
    "unfenced",
]
