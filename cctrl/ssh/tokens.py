"""The percent tokens of ssh_config, which `ssh -G` leaves as they are."""

from __future__ import annotations

import getpass
import hashlib
import os
import pwd
import re
import socket
from dataclasses import dataclass
from pathlib import Path


def in_home(name: str) -> Path:
    """`name` with `~` as ssh takes it: the home of the user database, whatever $HOME says."""
    if name == "~" or name.startswith("~/"):
        return Path(pwd.getpwuid(os.getuid()).pw_dir + name[1:])
    return Path(name).expanduser()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the tokens stand for, for one host."""

    original: str
    host: str
    port: int
    user: str
    alias: str = ""
    jump: str = ""

    def expand(self, text: str) -> str:
        """`text` with its tokens replaced; a token that is not known stays."""
        return re.sub(r"%(.)", lambda found: self._value(found[1]), text) if "%" in text else text

    def _value(self, letter: str) -> str:
        full = socket.gethostname()
        connection = hashlib.sha1(f"{full}{self.host}{self.port}{self.user}{self.jump}".encode()).hexdigest()
        values = {
            "%": "%",
            "h": self.host,
            "n": self.original,
            "p": str(self.port),
            "r": self.user,
            "k": self.alias or self.original,
            "j": self.jump,
            "d": str(in_home("~")),
            "u": getpass.getuser(),
            "i": str(os.getuid()),
            "l": full,
            "L": full.partition(".")[0],
            "C": connection,
        }
        return values.get(letter, "%" + letter)
