"""How a line of ttGridAdmin is read (reference timesten.md, 2)."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from cctrl.config import Config, Host, Server, Service
from cctrl.grid import VOCABULARY
from cctrl.grid.verbs import syntax
from cctrl.grid.verbs.syntax import Call, Help, SyntaxWrong
from cctrl.shell.console import Script
from cctrl.shell.session import Session


def read(line: str) -> Call:
    found = syntax.read(shlex.split(line))
    assert isinstance(found, Call)
    return found


@pytest.mark.parametrize("line", ["dbstatus db --replicaset", "DBSTATUS db -ReplicaSet", "dbStatus -replicaSet db"])
def test_case_and_dashes_do_not_matter(line: str) -> None:
    call = read(line)
    assert (call.verb.name, call.name, call.given) == ("dbStatus", "db", (("replicaSet", ""),))


def test_a_timeout_may_follow_wait() -> None:
    assert syntax.waiting(read("dbLoad database1 -wait 30")) == 30
    assert syntax.waiting(read("dbLoad -wait database1")) == 0
    assert syntax.waiting(read("dbLoad database1 -wait 0")) == 0
    assert syntax.waiting(read("dbLoad database1")) is None


def test_what_is_marked_keeps_its_order() -> None:
    call = read("dbDistribute db -remove host3 -replaceWith host9 -evict h4 -apply")
    assert call.given == (("remove", "host3"), ("replaceWith", "host9"), ("evict", "h4"), ("apply", ""))


def test_all_behind_the_options_is_the_command() -> None:
    call = read("instanceExec -only host4.instance1 -parallel 1 ttDaemonAdmin -start")
    assert call.command == ("ttDaemonAdmin", "-start") and call.values("only") == ("host4.instance1",)


def test_options_of_the_utility() -> None:
    call = read("-o json -timeout 5 dbStatus")
    assert call.json and call.timeout == 5


@pytest.mark.parametrize("line", ["", "-h", "-help", "-?", "-h dbstatus", "dbStatus -h"])
def test_help(line: str) -> None:
    asked = syntax.read(line.split())
    assert isinstance(asked, Help)
    assert "dbStatus" in "\n".join(syntax.help_lines(asked))


@pytest.mark.parametrize(("line", "status"), [("dbLoda database1", 254), ("nonsense", 254), ("ls x", 2)])
def test_a_word_that_means_nothing_ends_as_the_utility_does_without_its_name_too(line: str, status: int) -> None:
    """What belongs to a command of the shell's own ends as everywhere."""
    server = Server("host3.instance1", Host("host3", "host3"), "host3", 5432, "/data")
    config = Config(Path("cctrl.toml"), (Service("grid", "grid1", (server,)),), Path("state"))
    session = Session(config, Script(lambda _: None, lambda _: None), vocabularies=lambda _: VOCABULARY)
    assert int(session.execute(line)) == status


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("dbStaus", "Unknown command dbStaus"),
        ("-x dbStatus", "Unknown option -x"),
        ("-o xml dbStatus", "cannot be xml"),
        ("-timeout x dbStatus", "cannot be x"),
        ("dbLoad", "needs a name"),
        ("dbLoad a b", "one word too many"),
        ("dbLoad a -instanc b", "Unknown option -instanc"),
        ("dbLoad a -instance", "needs a value"),
        ("dbLoad a -instance b -instance c", "given twice"),
        ("dbLoad a -wait -nowait", "exclude each other"),
        ("dbDistribute a -evict host3 -resync", "-evict and -resync exclude each other"),
        ("dbLoad a -wait x", "whole number of seconds, not x"),
        ("dbList -o json", "stands before the command"),
        ("dbDistribute a -replaceWith b", "belongs behind"),
        ("dbDistribute a -apply -resync", "exclude each other"),
        ("instanceExec", "needs a command"),
        ("instanceExec -type x ls", "cannot be x"),
        ("instanceExec -script f ls", "needs a command"),
    ],
)
def test_wrong_words(line: str, what: str) -> None:
    with pytest.raises(SyntaxWrong, match=what) as caught:
        syntax.read(shlex.split(line))
    assert caught.value.outcome == 254 and caught.value.next.startswith("ttGridAdmin ") or "cannot" in what


def test_the_documented_syntax_names_each_option() -> None:
    for verb in syntax.VERBS:
        assert all(f"-{option.name}" in verb.usage for option in verb.options), verb.name
    lines = syntax.help_lines(syntax.Help(syntax.verb("dbdistribute")))
    assert lines[3] == "         [-remove hostname[.instancename] [-replaceWith hostname[.instancename]]]"
