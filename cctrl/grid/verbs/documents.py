"""What `-o json` prints: the keys are those of reference timesten.md, 4.6. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cctrl.grid.model import Database, Element, GridError, Instance, Mark, Status
from cctrl.grid.states import GONE, RUNNING
from cctrl.grid.verbs import pages

VERSION = 1


def failure(error: GridError) -> dict[str, object]:
    """The document of a command that was refused."""
    return {"jsonVer": VERSION, "status": int(error.outcome), "errno": error.number, "errmsg": error.what, **error.more}


def done(**more: object) -> dict[str, object]:
    """The document of a command that was done."""
    return {"jsonVer": VERSION, "status": 0, **more}


def db_status(databases: Sequence[Database], instances: Sequence[Instance], k: int) -> dict[str, object]:
    """The document of `dbStatus`."""
    known = {i.name: i for i in instances}
    return done(k=k, databases=[_database(d, known) for d in databases])


def distribution(database: Database, instances: Sequence[Instance]) -> dict[str, object]:
    """The document of `dbDistribute -list`."""
    known = {i.name: i for i in instances}
    listed = [_instance(e, known.get(e.instance)) for e in database.elements if e.in_map or e.status not in GONE]
    return done(name=database.name, distribution=database.phase.value, instances=listed)


def _database(database: Database, instances: Mapping[str, Instance]) -> dict[str, object]:
    found = pages.counts(database)
    return {
        "name": database.name,
        "loaded": str(database.wanted.loaded).lower(),
        "opened": str(database.wanted.opened).lower(),
        "deletePending": database.wanted.destroyed,
        "overall": {
            "nInstances": found.elements,
            "nInstancesInMap": sum(map(len, database.replica_sets)),
            "nCreated": found.created,
            "nCreating": found.creating,
            "nCreateFailed": found.create_failed,
            "nInstancesLoaded": found.loaded,
            "nLoading": found.loading,
            "nInstancesOpened": found.opened,
            "nDown": found.down,
            "nReplicaSets": found.replica_sets,
            "nRSCreated": found.sets_created,
            "nRSLoaded": found.sets_loaded,
            "summary": list(pages.summary_words(database)),
        },
        "instances": [_instance(e, instances.get(e.instance)) for e in database.elements],
    }


def _instance(element: Element, instance: Instance | None) -> dict[str, object]:
    host, _, name = element.instance.partition(".")
    return {
        "hostName": host,
        "hostAddr": instance.address if instance else "",
        "instanceName": name,
        "instanceHome": instance.home if instance else "",
        "instanceType": "data",
        "dataSpaceGroup": instance.data_space if instance else 0,
        "inMembership": element.status is not Status.DOWN,
        "opened": str(element.status is Status.OPENED).lower(),
        "elements": [_element(element)],
    }


def _element(element: Element) -> dict[str, object]:
    return {
        "elementNumber": element.number,
        "dataSpace": element.data_space,
        "syncReplicaSet": element.replica_set,
        "state": element.status.value,
        "lastChangeEnd": pages.event(element),
        "message": element.message,
        "inCurDistMap": element.in_map,
        "addInNextDistMap": element.mark is Mark.ADD,
        "removeInNextDistMap": element.mark is Mark.REMOVE,
        "evictInNextDistMap": element.mark is Mark.EVICT,
        "replaceWith": element.replace_with,
    }


def load_readiness(database: Database) -> dict[str, object]:
    """The document of `dbStatus -loadReadiness`."""
    outside = [e for e in database.elements if not e.in_map and e.status not in GONE]
    unassigned: object = "None"
    if outside:
        unassigned = [{"Elements": [{"Name": e.instance, "State": pages.readiness(e)}]} for e in outside]
    sets = [
        {
            "ReplicaSet": each[0].replica_set,
            "State": pages.set_readiness(each),
            "Elements": [{"Name": e.instance, "State": pages.readiness(e)} for e in each],
        }
        for each in database.replica_sets
    ]
    loaded = sum(e.status in RUNNING for each in database.replica_sets for e in each)
    return done(**{"Data Elements": sets, "Unassigned Elements": unassigned, "Total Elements Loaded": loaded})
