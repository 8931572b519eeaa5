"""Hosts on this machine to learn, rehearse and test on: real PostgreSQL servers, real SSH servers.

Nothing here is imported by the rest of cctrl but by the command line. The names below are what others
use; what is dear (paramiko, cryptography) is imported by the switchboard only.
"""

from cctrl.lab.acts import act
from cctrl.lab.down import down
from cctrl.lab.faults import dsn, fault, sql
from cctrl.lab.layout import Lab, find, names
from cctrl.lab.planning import Options
from cctrl.lab.up import up

__all__ = ["Lab", "Options", "act", "down", "dsn", "fault", "find", "names", "sql", "up"]
