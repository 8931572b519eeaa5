"""Hosts by SSH: warm connections, commands with deadlines, detached jobs, leases.

Knows no database. Importing it costs no paramiko: that is loaded with the first connection.
"""

from cctrl.ssh.hosts import CommandEvent, Hosts
from cctrl.ssh.jobs import Job, run_job
from cctrl.ssh.leases import Held, Lease, hold
from cctrl.ssh.process import RemoteProcess
from cctrl.ssh.quoting import quote
from cctrl.ssh.result import CommandResult, Ended
from cctrl.ssh.trust import Offer, accept, trust

__all__ = [
    "CommandEvent",
    "CommandResult",
    "Ended",
    "Held",
    "Hosts",
    "Job",
    "Lease",
    "Offer",
    "RemoteProcess",
    "accept",
    "hold",
    "quote",
    "run_job",
    "trust",
]
