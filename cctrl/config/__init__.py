"""The inventory: which services there are, who is a member, how each host is reached.

One TOML file. Keys of a member may also stand in its service's table, as a default for all members;
an unknown key is an error that names file, line and the nearest known key.

`inventory` holds what may be configured, each key once; `keys` what that means for the tables of the file;
`reading` reads it.
"""

from cctrl.config.inventory import KINDS, LONGEST_TIMEOUT, SHORTEST_TIMEOUT, Config, Host, Router, Server, Service
from cctrl.config.keys import NAME, NAME_RULE, problem
from cctrl.config.places import default_path, default_state_dir, expanded, text_of
from cctrl.config.reading import lines_of, load

__all__ = [
    "KINDS",
    "LONGEST_TIMEOUT",
    "NAME",
    "NAME_RULE",
    "SHORTEST_TIMEOUT",
    "Config",
    "Host",
    "Router",
    "Server",
    "Service",
    "default_path",
    "default_state_dir",
    "expanded",
    "lines_of",
    "load",
    "problem",
    "text_of",
]
