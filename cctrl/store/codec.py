"""Between the store's rows and the records. Raises ValueError, KeyError or TypeError for a row that makes no sense."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from types import MappingProxyType

from cctrl.outcome import Outcome
from cctrl.store.records import MemberIntent, Operation, ServiceIntent


def text(intent: ServiceIntent) -> str:
    """The document that is kept for an intent."""
    members = {name: asdict(member) for name, member in intent.members.items()}
    return json.dumps(
        {"policy": intent.policy, "primary": intent.primary, "timeline": intent.timeline, "members": members}
    )


def intent(document: str) -> ServiceIntent:
    """The intent in a kept document."""
    found = json.loads(document)
    members = {name: MemberIntent(**member) for name, member in found["members"].items()}
    return ServiceIntent(found["policy"], found["primary"], MappingProxyType(members), int(found.get("timeline", 0)))


def operation(row: sqlite3.Row) -> Operation:
    """The operation in a row, its steps included."""
    ended = Outcome[row["outcome"]] if row["outcome"] else None
    return Operation(**{**dict(row), "outcome": ended, "steps": tuple(json.loads(row["steps"]))})
