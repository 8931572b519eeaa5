"""`ls` on real hosts: the JSON document carries every fact of the boxes."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from tests.dataservice.alpha import Alpha

RULE = "+" + "-" * 76 + "+"


def boxes(data: dict[str, Any]) -> str:
    """The page of `ls`, from nothing but its JSON document."""
    lines = [f"COORDINATOR[{data['manager'] or 'none'}:{data['policy']}:OFFLINE]", "", "DATASOURCES:"]
    for number, source in enumerate(data["datasources"]):
        rows = [f"  {name}({state})" for name, state in components(source).items()]
        lines += [*([""] if number else []), RULE, *map(row, head(source)), RULE, *map(row, rows), RULE]
    return "\n".join(lines)


def row(text: str) -> str:
    return f"|{text:<76}|"


def head(source: dict[str, Any]) -> list[str]:
    reason = f"({source['reason']})" if source["state"] in ("FAILED", "SHUNNED") and source["reason"] else ""
    text = f"{source['name']}({source['role']}:{source['state']}{reason}"
    if source["isAvailable"]:
        name = "THL latency" if source["role"] == "master" else "latency"
        latency = f", {name}={source['latency']:.3f}" if source["latency"] is not None else ""
        text += f", progress={source['sequence']}{latency}"
    at = time.strftime("%Y/%m/%d %I:%M:%S %p %Z", time.gmtime(source["alertTime"])).replace("GMT", "UTC")
    message = [f"REASON[{source['alertMessage']}]"] if source["alertMessage"] else []
    return [f"{text})", f"STATUS [{source['alertStatus']}] [{at}]", *message]


def components(source: dict[str, Any]) -> dict[str, str]:
    state = source["components"]
    role = f"role={source['role']}, " if state["REPLICATOR"] != "STOPPED" else ""
    master = f"master={source['master']}, " if role and source["role"] == "slave" and source["master"] else ""
    rows = {
        "MANAGER": f"state={state['MANAGER']}",
        "REPLICATOR": f"{role}{master}state={state['REPLICATOR']}",
        "DATASERVER": f"state={state['DATASERVER']}",
    }
    if source["isAvailable"]:
        created, active = source["connectionsCreatedCount"], source["activeConnectionCount"]
        rows["CONNECTIONS"] = f"created={created}, active={active}"
    return rows


def lasting(page: str) -> list[str]:
    """What does not change from look to look: each is a connection, and is when a failure was seen."""
    page = re.sub(r"created=\d+, active=\d+\) *\|", "", page)
    return re.sub(r"(STATUS \[CRITICAL\]).*", r"\1", page).strip().splitlines()


def same(alpha: Alpha) -> None:
    """The page from the document is the page; a position may move between two looks, but not for ever."""
    for _ in range(10):
        made, shown = lasting(boxes(alpha.ls())), lasting(alpha.does("ls"))
        if made == shown:
            break
    assert made == shown


def test_the_document_carries_every_fact_of_the_boxes(alpha: Alpha) -> None:
    alpha.lab.environ["TZ"] = alpha.lab.cctrl.environ["TZ"] = "UTC"
    same(alpha)
    alpha.does("set policy manual; datasource host2 shun")
    alpha.fault("kill", "host3")
    same(alpha)
    wanted = ["", "datasource host2 welcome", "datasource host3 recover"]
    assert [d["next"] for d in alpha.ls()["datasources"]] == wanted
    alpha.fault("freeze", "host2")
    same(alpha)


def test_one_document_a_command(alpha: Alpha) -> None:
    done = alpha("--format=json", "ls host1", "ls host2; set policy manual", "datasource host2 welcome")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(d["command"], d["exit_code"]) for d in documents] == [
        ("ls host1", 0),
        ("ls host2", 0),
        ("set policy manual", 0),
        ("datasource host2 welcome", 3),
    ]
    assert [s["name"] for s in documents[1]["data"]["datasources"]] == ["host2"]
    assert documents[3]["error"]["next"] == "ls host2"
    assert done.returncode == 3
