"""The tree of the PHYSICAL mode: paths, patterns, and what is said of one that names nothing."""

from __future__ import annotations

import pytest

from cctrl.dataservice import tree
from cctrl.dataservice.tree import Element
from cctrl.outcome import UsageError

COMPONENTS = (Element("replicator", (Element("Replicator", facts={"a": 1}, remark="ONLINE"),), remark="ONLINE"),)
ROOT = Element("", (Element("alpha", (Element("host1", COMPONENTS), Element("host2", COMPONENTS))),))
HERE, DEEP = ("alpha",), ("alpha", "host1", "replicator")


@pytest.mark.parametrize(
    ("path", "place", "found"),
    [
        (".", HERE, ["/alpha"]),
        ("host1", HERE, ["/alpha/host1"]),
        ("*", HERE, ["/alpha/host1", "/alpha/host2"]),
        ("*/replicator", HERE, ["/alpha/host1/replicator", "/alpha/host2/replicator"]),
        ("*/*/replicator/Replicator", HERE, [f"/alpha/host{n}/replicator/Replicator" for n in (1, 2)]),
        ("/alpha/host2", DEEP, ["/alpha/host2"]),
        ("..", DEEP, ["/alpha/host1"]),
        ("../../host2/replicator/", DEEP, ["/alpha/host2/replicator"]),
        ("../../../../../..", DEEP, ["/"]),
        ("/", DEEP, ["/"]),
        ("alpha/host1", DEEP, ["/alpha/host1"]),
    ],
)
def test_what_a_path_names(path: str, place: tuple[str, ...], found: list[str]) -> None:
    assert [tree.shown(at) for at, _ in tree.find(ROOT, path, place)] == found


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("host9", "element 'host9' not found in path '/alpha/host9' while searching for entry 'host9'"),
        ("*/nothing", "element 'nothing' not found in path '/alpha/*/nothing' while searching for entry '*/nothing'"),
        ("/beta", "element 'beta' not found in path '/beta' while searching for entry '/beta'"),
        ("host1/replicator/Replicator/x", "element 'x' not found in path '/alpha/host1/replicator/Replicator/x' while "
         "searching for entry 'host1/replicator/Replicator/x'"),
    ],
)  # fmt: skip
def test_a_path_that_names_nothing(path: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        tree.find(ROOT, path, HERE)
    assert caught.value.what == what
    assert caught.value.next.startswith("ls /")


def test_one_of_several_cannot_be_entered() -> None:
    with pytest.raises(UsageError, match="resolves to more than one element"):
        tree.one(ROOT, "*", HERE)


@pytest.mark.parametrize("path", ["host1", "host1/replicator/Replicator", "host1/diag", "diag", "*/replicator/diag"])
def test_only_resources_can_be_asked(path: str) -> None:
    with pytest.raises(UsageError, match=r"Cannot execute '.*' in this context\."):
        tree.resources(ROOT, path, HERE)


def test_a_resource_by_pattern() -> None:
    found = tree.resources(ROOT, "*/*/Replicator/diag", HERE)
    assert [element.facts for _, element in found] == [{"a": 1}, {"a": 1}]
    assert [element.name for _, element in tree.resources(ROOT, "Replicator/diag", DEEP)] == ["Replicator"]


def test_the_lines_of_ls() -> None:
    here = tree.find(ROOT, "host1", HERE)
    assert tree.listed(here, remarks=False, deep=False) == ["replicator/"]
    assert tree.listed(here, remarks=True, deep=True) == [
        "/alpha/host1:", "replicator/          ONLINE", "", "/alpha/host1/replicator:", "Replicator           ONLINE",
    ]  # fmt: skip
