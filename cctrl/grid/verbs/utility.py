"""`ttGridAdmin` in the shell: which function carries out each of its commands."""

from __future__ import annotations

from cctrl.grid.service import Grid
from cctrl.grid.verbs import changing, disconnecting, executing, looking, running
from cctrl.grid.verbs.running import Body
from cctrl.outcome import Outcome
from cctrl.registry import Invocation, Talk

PROGRAM = "ttGridAdmin"

BODIES: dict[str, Body] = {
    "dbCreate": changing.create,
    "dbLoad": changing.order,
    "dbOpen": changing.order,
    "dbClose": changing.order,
    "dbUnload": changing.order,
    "dbDestroy": changing.order,
    "dbStatus": looking.status,
    "dbList": looking.db_list,
    "dbDistribute": changing.distribute,
    "dbDisconnect": disconnecting.disconnect,
    "dbDisconnectStatus": disconnecting.disconnect_status,
    "instanceExec": executing.instance_exec,
    "hostExec": executing.host_exec,
    "instanceList": looking.instance_list,
    "instanceStatus": looking.instance_status,
    "hostList": looking.host_list,
    "gridDisplay": looking.grid_display,
    "mgmtStatus": looking.mgmt_status,
    "mgmtExamine": looking.mgmt_examine,
}
"""What carries out each command of the utility."""

CHANGING = frozenset(
    {"dbCreate", "dbLoad", "dbOpen", "dbClose", "dbUnload", "dbDestroy", "dbDistribute", "dbDisconnect",
     "instanceExec", "hostExec"}
)  # fmt: skip
"""Those that change something."""


def utility(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """`ttGridAdmin …`, or one of its commands without that word."""
    return running.run(grid, words(invocation), talk, BODIES)


def words(invocation: Invocation) -> tuple[str, ...]:
    """What follows `ttGridAdmin`, whether that word was typed or not."""
    return invocation.rest if invocation.words[0] == PROGRAM else (invocation.words[0], *invocation.rest)
