"""Who acts, as it stands in the journal and in locks."""

from __future__ import annotations

import getpass
import os
import socket


def who() -> str:
    """`user@host pid N` of this process."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as containers have
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()} pid {os.getpid()}"
