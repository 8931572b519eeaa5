"""Talking to a lab's switchboard over its unix socket: one JSON line there, one JSON line back."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from cctrl.lab.layout import Plan, name_option
from cctrl.outcome import CctrlError, Refused


def is_up(plan: Plan) -> bool:
    """True where the switchboard answers."""
    try:
        return bool(_ask(plan, {"verb": "ping"}, 5.0).get("ok"))
    except (OSError, ValueError):
        return False


def ask(plan: Plan, verb: str, seconds: float = 60.0, **words: Any) -> dict[str, Any]:
    """The switchboard's answer. Raises Refused where the lab does not run, or where the
    switchboard could not do it."""
    try:
        answer = _ask(plan, {"verb": verb, **words}, seconds)
    except (OSError, ValueError) as error:
        raise not_running(plan, str(error)) from None
    if "error" in answer:
        raise Refused(answer["error"], detail=answer.get("detail", ""), next=answer.get("next", ""))
    return answer


def run(plan: Plan, host: str, argv: Sequence[str], seconds: float = 60.0) -> tuple[int, str]:
    """Run a command on `host` as the servers' user; (exit status, what it wrote)."""
    answer = ask(plan, "run", seconds, host=host, argv=list(argv))
    return int(answer["status"]), str(answer["output"])


def launch(plan: Plan, host: str, argv: Sequence[str]) -> int:
    """Start a command on `host` as the servers' user and leave it running; its pid."""
    return int(ask(plan, "launch", host=host, argv=list(argv))["pid"])


def not_running(plan: Plan, reason: str = "") -> CctrlError:
    """The error for a verb that needs a running lab."""
    option = name_option(plan.name)
    return Refused(
        f"lab {plan.name} does not run" + (f" ({reason})" if reason else ""),
        next=f"cctrl lab down{option}, then cctrl lab up{option}",
    )


def _ask(plan: Plan, question: dict[str, Any], seconds: float) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(plan.control)
        connection.sendall(json.dumps(question).encode() + b"\n")
        with connection.makefile("rb") as answers:
            answer = json.loads(answers.readline() or b"null")
    if not isinstance(answer, dict):
        raise ValueError("the switchboard gave no answer")
    return answer
