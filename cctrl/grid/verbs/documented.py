"""The syntax of ttGridAdmin's commands as it is documented (reference timesten.md, 2.3 to 2.5): what `-h COMMAND`
prints. Pure."""

from __future__ import annotations

_INSTANCE = "[-instance hostname[.instancename]]"
_WAITING = "[-nowait | -wait [timeout]]"

SYNTAX = {
    "dbCreate": f"dbCreate name {_INSTANCE} {_WAITING}",
    "dbLoad": f"dbLoad name {_INSTANCE} {_WAITING}",  # -instance: as the table of statuses advises
    "dbUnload": f"dbUnload name {_WAITING} [-force]",
    "dbOpen": f"dbOpen name {_WAITING}",
    "dbClose": f"dbClose name {_WAITING}",
    "dbDestroy": f"dbDestroy name {_INSTANCE} {_WAITING}",
    "dbDisconnect": f"dbDisconnect name -transactional|-immediate|-abort {_WAITING}",
    "dbStatus": """\
dbStatus [name]
                     [-summary]
                     [-element]
                     [-replicaSet]
                     [-dataSpaceGroup]
                     [-all]
                     [-details]
                     [-loadReadiness]
                     [-epochs]
                     [-connections [-proxy] [-system]]""",
    "dbDistribute": """\
dbDistribute name
         [-list]
         [-add all | hostname[.instancename]]
         [-remove hostname[.instancename] [-replaceWith hostname[.instancename]]]
         [-evict hostname[.instancename] [-replaceWith hostname[.instancename]]]
         [-apply|-reset|-resync]""",
    "instanceExec": """\
instanceExec [-only hostname[.instancename]]
                         [-exclude hostname[.instancename]]
                         [-parallel n]
                         [-type all|management|data]
                         [-up]
                          command | -script filepath""",
    "hostExec": """\
hostExec [-only hostname]
                     [-exclude hostname]
                     [-parallel n]
                      command | -script filepath""",
}
"""A command -> its syntax, in the lines of the manual."""
