"""Every refusal of the core, and every datasource that is not well, has a next command; and it is one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctrl import grammar
from cctrl.dataservice.advice import (
    NO_MASTER_HELP,
    for_datasource,
    for_one_left_behind,
    next_command,
    two_masters,
    when_it_answers,
)
from cctrl.dataservice.commands import COMMANDS
from cctrl.dataservice.states import Datasource, State, datasources, failsafe, headless
from cctrl.replication.diagnosis import Health, diagnose
from cctrl.replication.facts import Fence, Server, View
from cctrl.replication.rejection import Rejected, Why
from cctrl.store import MemberIntent, ServiceIntent
from tests.replication.worlds import crashed, facts, primary, standby, unseen, view, views

HOSTS = ("host1", "host2", "host3", "host4")


def words(kind: str) -> Mapping[str, str]:
    return dict.fromkeys(HOSTS, "") if kind == "HOST" else {}


def literal(following: str) -> str:
    """A next command without the remark in parentheses after it."""
    return re.sub(r"   \(.*\)$", "", following)


def means_something(following: str) -> None:
    """It can be typed as it stands."""
    assert following.strip(), "no next command"
    for statement in grammar.split(literal(following)):
        grammar.parse(COMMANDS, statement, words)  # raises UsageError


@pytest.mark.parametrize("why", [why for why in Why if why not in (Why.NO_BINARIES, Why.MISCONFIGURED)])
def test_a_refusal_names_a_command(why: Why) -> None:
    following = next_command(Rejected(why, "host2", "x"))
    if why is Why.OTHER_VERSION:
        assert "host2" in following
    else:
        means_something(following)


@pytest.mark.parametrize(
    ("server", "following"),
    [
        (Server.DOWN, "recover using host2 "),
        (Server.UNSEEN, "ping "),
        (Server.NO_DATA, "recover using host3 "),
        (Server.FROZEN, "ls host2 "),
    ],
)
def test_a_slave_that_was_left_behind_by_the_last_master(server: Server, following: str) -> None:
    sight = view(crashed(), facts("host2", server), standby("host3", ""), intended="host2")
    given = for_one_left_behind(as_shown(sight, {}, "")[1], "host3")
    assert given.startswith(following)
    means_something(given)


def test_the_last_master_is_waited_for_or_given_up_by_the_same_command() -> None:
    given = when_it_answers("host2", "set master host3 --force")
    assert given == "ping   (when host2 answers: ls; to give up what it has: set master host3 --force)"
    means_something(given)


def test_what_a_host_said_itself_comes_first() -> None:
    rejected = Rejected(Why.UNREACHABLE, "host2", "x", next="cctrl trust host2")
    assert next_command(rejected) == "cctrl trust host2"


STATES = st.sampled_from(
    [MemberIntent()]
    + [MemberIntent(state.value, reason, role) for state in State for reason in ("", "R") for role in ("", "slave")]
)


def as_shown(view: View, told: dict[str, MemberIntent], policy: str) -> tuple[Datasource, ...]:
    intent = ServiceIntent(policy, view.intended, told)
    return datasources(view, diagnose(view), intent, "alpha")


@settings(deadline=None)
@given(view=views(), told=st.dictionaries(st.sampled_from(HOSTS), STATES), policy=st.sampled_from(["", "MAINTENANCE"]))
def test_what_is_not_well_has_a_next_command_and_what_is_well_none(
    view: View, told: dict[str, MemberIntent], policy: str
) -> None:
    diagnosis = diagnose(view)
    for source in as_shown(view, told, policy):
        following = for_datasource(source, diagnosis)
        if source.state is State.ONLINE and not source.fault:
            assert not following
        elif following:
            means_something(following)
        else:
            assert not diagnosis.healthy, source


@settings(deadline=None)
@given(view=views(), told=st.dictionaries(st.sampled_from(HOSTS), STATES))
def test_a_state_is_what_was_decided_or_what_is_seen(view: View, told: dict[str, MemberIntent]) -> None:
    for source in as_shown(view, told, "MANUAL"):
        decided = told.get(source.name, MemberIntent()).state
        replaced = source.facts.up or source.name != diagnose(view).primary
        if decided == "SHUNNED" or (isinstance(source.facts.fence, Fence) and replaced):
            assert source.state is State.SHUNNED
        elif headless(view, diagnose(view), ServiceIntent("MANUAL", view.intended, told)):
            assert (source.state, source.reason) == (State.SHUNNED, "SHUNNED")
        elif source.facts.server is not Server.UP or decided == "FAILED":
            assert source.state is State.FAILED
        else:
            assert source.state is (State.OFFLINE if decided == "OFFLINE" else State.ONLINE)
        assert (source.status == "DIMINISHED") == (source.state is State.ONLINE and bool(source.fault))


def test_a_server_that_has_too_many_clients_is_not_failed_over() -> None:
    full = facts("host1", Server.REJECTING, reason="FATAL:  sorry, too many clients already")
    seen = view(full, standby("host2"), intended="host1")
    found = for_datasource(as_shown(seen, {}, "")[0], diagnose(seen))
    assert found.startswith("ls host1   (when client sessions have ended there, or max_connections is larger")


def test_of_two_masters_the_one_on_record_is_named_everywhere() -> None:
    both = view(primary(), primary("host2"), intended="host2")
    found = diagnose(both)
    assert (found.health, found.primary, found.recorded) == (Health.TWO_PRIMARIES, "", "host2")
    for source in as_shown(both, {}, ""):
        assert for_datasource(source, found) == two_masters(found)
    assert two_masters(found).startswith("datasource host1 recover   (if host2, the master on record, is right; first")


def test_what_a_recovery_would_refuse_anyway_is_not_advised() -> None:
    wiped = view(primary(), standby("host2"), facts("host3", Server.NO_DATA), intended="host1")
    assert for_datasource(as_shown(wiped, {}, "")[2], diagnose(wiped)).startswith("tprovision host3   (a full copy")
    full = view(primary(free=0), standby("host2"), intended="host1")
    assert for_datasource(as_shown(full, {}, "")[0], diagnose(full)).startswith("datasource host1 cleanup   (removes")
    headless = view(facts("host1", Server.NO_DATA), facts("host2", Server.DOWN), intended="host1")
    assert [for_datasource(s, diagnose(headless)) for s in as_shown(headless, {}, "")] == [NO_MASTER_HELP] * 2
    cut_off = view(primary(), unseen("host2"), unseen("host3"), intended="host1")
    shown = [failsafe(source) for source in as_shown(cut_off, {}, "")]
    assert [for_datasource(source, diagnose(cut_off)) for source in shown] == ["cluster validate", "ping", "ping"]
