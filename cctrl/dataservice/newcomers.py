"""Standbys seen on the network that no table of the configuration names, and the table that would."""

from __future__ import annotations

from cctrl.config import NAME
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.registry import Talk
from cctrl.replication.facts import Downstream
from cctrl.replication.strangers import copies, strangers


def tell(dataservice: Dataservice, picture: Picture, talk: Talk) -> None:
    """A note for each, with what to add to the configuration; and which copies of ours are under way."""
    for giver, target in copies(picture.view):
        talk.note(f"a full copy of {giver} to {target} is under way")
    found = strangers(picture.view)
    talk.data("newcomers", [{"name": s.name, "address": s.address, "master": giver} for giver, s in found])
    for giver, standby in found:
        where = f" at {standby.address}" if standby.address else ""
        talk.note(f"{standby.name!r}{where} receives from {giver} and is no member of {dataservice.name}")
        talk.note(f"NEXT, where it shall be one: add this to {dataservice.config.path}")
        for line in table(dataservice.name, standby):
            talk.note(f"    {line}")


def table(service: str, standby: Downstream) -> tuple[str, ...]:
    """The lines of TOML. What cannot be seen from here, such as another port or data directory, its owner adds."""
    name = standby.name if NAME.match(standby.name) and standby.name != "walreceiver" else "NAME"
    quoted = f'"{name}"' if "." in name else name
    return (f"[dataservice.{service}.members.{quoted}]", f'address = "{standby.address or "ADDRESS"}"')
