"""The documents of -o json."""

from __future__ import annotations

import json
from dataclasses import replace

from cctrl.grid.distribution import take_out
from cctrl.grid.model import Element, GridError, Mark, Status, unknown_database
from cctrl.grid.verbs import documents
from tests.grid.made import INSTANCES, SPARE, database, with_status

H3 = "host3.instance1"


def test_a_refusal_has_number_and_message() -> None:
    found = documents.failure(unknown_database("x"))
    assert (found["status"], found["errno"], found["errmsg"]) == (254, 2, "Database x does not exist")


def test_what_failed_on_a_target_is_one_document() -> None:
    error = GridError("The command failed on 1 of 2 targets", more={"rc": 3})
    assert documents.failure(error) == {"jsonVer": 1, "status": 255, "errno": 0, "errmsg": error.what, "rc": 3}


def test_db_status() -> None:
    found = json.loads(json.dumps(documents.db_status([with_status(database(), host4=Status.DOWN)], INSTANCES, 2)))
    (one,) = found["databases"]
    assert one["overall"]["summary"] == ["created", "loaded-functional", "open"]
    assert (one["overall"]["nDown"], one["instances"][1]["inMembership"]) == (1, False)
    assert one["instances"][1]["elements"][0]["state"] == "down"


def test_distribution_list() -> None:
    marked = take_out(database().having(Element(7, SPARE.name, 1, 0, Status.LOADED)), H3, Mark.REMOVE, SPARE.name)
    found = json.loads(json.dumps(documents.distribution(marked, (*INSTANCES, SPARE))))
    first, *_, spare = [one["elements"][0] for one in found["instances"]]
    assert (first["removeInNextDistMap"], first["replaceWith"], spare["inCurDistMap"]) == (True, SPARE.name, False)


def test_load_readiness() -> None:
    found = documents.load_readiness(database())
    assert found["Unassigned Elements"] == "None" and found["Total Elements Loaded"] == 6
    outside = replace(database(Status.LOADED), elements=database(Status.LOADED, mapped=False).elements)
    assert documents.load_readiness(outside)["Unassigned Elements"][0] == {  # type: ignore[index]
        "Elements": [{"Name": "host3.instance1", "State": "Loaded"}]
    }
