"""Looking at routers and steering them, over SSH, with what their hosts have."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from cctrl.config import Router
from cctrl.outcome import Incomplete, Refused
from cctrl.router import state
from cctrl.router.state import OFFLINE, ONLINE, STOPPED, UNREACHABLE, Seen
from cctrl.ssh import CommandResult, Ended, Hosts

DRAIN, VERBS = "drain", {"online": ONLINE, "drain": OFFLINE, "offline": OFFLINE}


class Routers:
    """The routers of one service. Every call has its own deadline, `timeout` seconds for one host."""

    def __init__(self, hosts: Hosts, service: str, routers: Sequence[Router], timeout: float) -> None:
        self._hosts = hosts
        self._service = service
        self._routers = {router.name: router for router in routers}
        self._timeout = timeout

    def look(self, names: Sequence[str] = ()) -> list[Seen]:
        """Look at those named, or all, side by side; never raises for what a host can cause."""
        return self._hosts.fan_out(names or tuple(self._routers), self._look)

    def _look(self, name: str) -> Seen:
        router = self._routers[name]
        if router.kind == "haproxy":
            result = self._run(router, "show info;show stat")
            return state.haproxy(name, self._service, result.stdout) if result.ok else _unseen(router, result)
        result = self._run(router, "show databases", "show pools")
        return state.pgbouncer(name, result.stdout) if result.ok else _unseen(router, result)

    def steer(self, name: str, verb: str) -> Seen:
        """Have a router take no new connections (`drain`), none at all (`offline`), or all again (`online`).

        Returns what was seen afterwards. Raises Refused where it cannot be steered, Incomplete where it is not then
        as it was to be.
        """
        before = self._look(name)
        if not before.known:
            raise Refused(f"router {name} cannot be steered: {before.reason}", next=before.next)
        if not before.parts:
            following = "name each database in [databases] of pgbouncer.ini, and reload it"
            raise Refused(f"router {name} lists no database that it could close or open", next=following)
        router = self._routers[name]
        orders = _haproxy_orders(before, verb) if router.kind == "haproxy" else _pgbouncer_orders(before, verb)
        if orders:
            result = self._run(router, ";".join(orders)) if router.kind == "haproxy" else self._run(router, *orders)
            _check(router, result, verb)
        after = self._look(name)
        if after.state != VERBS[verb]:
            raise Incomplete(
                f"router {name} is {after.state} after `{verb}`",
                detail=after.reason or f"{', '.join(part for part, is_open in after.parts if is_open)} still open",
                next=f"router {name} {verb}",
            )
        return after

    def _run(self, router: Router, *words: str) -> CommandResult:
        script = (files("cctrl.router") / "sh" / f"{router.kind}.sh").read_text(encoding="utf-8")
        place = (router.socket, str(router.port), router.user) if router.kind == "pgbouncer" else (router.socket,)
        argv = ("sh", "-c", script, f"cctrl-{router.kind}", *place, *words)
        return self._hosts.run(router.host, argv, timeout=self._timeout)


def _haproxy_orders(seen: Seen, verb: str) -> list[str]:
    if verb == "online":
        return [f"enable frontend {part}" for part, is_open in seen.parts if not is_open]
    orders = [f"disable frontend {part}" for part, is_open in seen.parts if is_open]
    return orders if verb == DRAIN else [*orders, *(f"shutdown sessions server {s}" for s in seen.servers)]


def _pgbouncer_orders(seen: Seen, verb: str) -> list[str]:
    """A killed database is paused too: it takes clients again once it is resumed and enabled."""
    if verb == "online":
        closed = [part for part, is_open in seen.parts if not is_open]
        return [*(f"resume {_quoted(d)}" for d in seen.paused), *(f"enable {_quoted(d)}" for d in closed)]
    orders = [f"disable {_quoted(part)}" for part, is_open in seen.parts if is_open]
    if verb == DRAIN:
        return orders
    return [*orders, *(f"kill {_quoted(part)}" for part, _ in seen.parts if part not in seen.paused)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unseen(router: Router, result: CommandResult) -> Seen:
    """What is known of one that did not answer: whether its host did."""
    reason = result.reason or result.stderr.strip() or f"{result.ended.value} {result.status}"
    if result.ended is Ended.EXITED:
        return Seen(router.name, STOPPED, reason=reason, next=result.next or _hint(router, reason))
    return Seen(router.name, UNREACHABLE, reason=reason, next=result.next or f"router {router.name} status")


def _hint(router: Router, reason: str) -> str:
    if "ermission denied" in reason or "not allowed" in reason:
        owner = "haproxy" if router.kind == "haproxy" else "postgres"
        return f'add become = "{owner}" (or the user it runs as) to the router\'s table in the configuration'
    return f"start it on {router.host.name}, or correct its socket in the configuration"


def _check(router: Router, result: CommandResult, verb: str) -> None:
    """HAProxy ends with 0 whatever it answers: nothing where it did what it was told. Raises Refused, Incomplete."""
    said = result.stdout.strip() if router.kind == "haproxy" else ""
    if result.ok and not said:
        return
    reason = result.reason or said or result.stderr.strip() or f"{result.ended.value} {result.status}"
    raise Incomplete(f"router {router.name} was not put {verb}", detail=reason, next=f"router {router.name} {verb}")
