"""`cctrl trust HOST`: show the key a host offers, ask, and accept it into known_hosts."""

from __future__ import annotations

from cctrl.config import Config, Host
from cctrl.outcome import Outcome, Refused, UsageError, did_you_mean
from cctrl.registry import Talk

HOPS = 8  # jump hosts on the way, at most


def trust(config: Config, service: str, name: str, talk: Talk) -> Outcome:
    """Accept the key of the host called `name`, after those of jump hosts on the way to it.

    Raises UsageError for an unknown host or service, Refused where the answer is no or the key cannot be accepted,
    Unreachable where the host does not answer.
    """
    from cctrl import ssh

    host = _host(config, service, name)
    for _ in range(HOPS):
        offer = ssh.trust(host, timeout=config.timeout, ask_secret=talk.secret)
        for line in offer.lines():
            talk.line(line)
        if not offer.known:
            talk.confirm("Compare the fingerprint with the host's own (ssh-keygen -lf on it).\nAccept it? (y/n)> ")
            for line in ssh.accept(offer):
                talk.line(line)
        if not offer.behind:
            return Outcome.DONE
    raise Refused(f"more than {HOPS} jump hosts on the way to {name}")


def _host(config: Config, service: str, name: str) -> Host:
    servers = [server for s in config.chosen(service) for server in (*s.members, *s.spares)]
    hosts = {key: server.host for server in servers for key in (server.host.name, server.name)}
    if name in hosts:
        return hosts[name]
    from difflib import get_close_matches  # here, for a quick start of the shell

    nearest = (*get_close_matches(name, hosts, 1), *hosts, "HOST")[0]
    raise UsageError(
        f"unknown host {name!r}",
        detail="\n".join(t for t in (did_you_mean(name, hosts), f"{config.path} names: {', '.join(hosts)}") if t),
        next=f"cctrl trust {nearest}",
    )
