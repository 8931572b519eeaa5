"""What must be refused is refused: the exit status, the reason, a next command, and nothing changed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pytest

from cctrl import grammar
from cctrl.dataservice.commands import COMMANDS
from tests.dataservice.alpha import Alpha
from tests.stage import Cctrl

NEXT = re.compile(r"^NEXT: (.*)$", re.M)


def following(said: str) -> str:
    """The next command of a refusal, without the remark after it."""
    return re.sub(r"   \(.*\)$", "", NEXT.findall(said)[-1])


def means_something(command: str, alpha: Alpha) -> None:
    for statement in grammar.split(command):
        grammar.parse(COMMANDS, statement, lambda kind: dict.fromkeys(alpha.hosts, "") if kind == "HOST" else {})


WELL = {
    "failover": ("host1 is healthy", "switch"),
    "failover to host2": ("host1 is healthy", "switch"),
    "switch to host1": ("host1 already is the", "ls"),
    "recover; datasource host1 recover": ("host1 is the master and accepts writes", "switch"),
    "datasource host2 recover": ("there is nothing to recover", "ls host2"),
    "datasource host2 welcome": ("host2 is not SHUNNED, it is ONLINE", "ls host2"),
    "datasource host2 offline; datasource host2 recover": ("there is nothing to recover", "datasource host2 online"),
    "datasource host2 shun; datasource host2 shun": ("already is SHUNNED", "datasource host2 welcome"),
    "datasource host2 shun; datasource host2 online": ("is SHUNNED(MANUALLY-SHUNNED)", "datasource host2 welcome"),
    "datasource host2 shun; datasource host2 offline": ("is SHUNNED(MANUALLY-SHUNNED)", "datasource host2 welcome"),
    "datasource host2 shun; switch to host2": ("it is SHUNNED(MANUALLY-SHUNNED); first:", "datasource host2 welcome"),
    "datasource host2 offline; switch to host2": (
        "it is OFFLINE; first: datasource host2 online",
        "datasource host2 online",
    ),
    "datasource host2 fail; switch to host2": (
        "FAILED(MANUALLY-FAILED); first: datasource host2 rec",
        "datasource host2 recover",
    ),
    "datasource host2 fail; datasource host2 online": ("FAILED(MANUALLY-FAILED)", "datasource host2 recover"),
    "datasource host2 fail; datasource host2 fail": ("already is FAILED", "datasource host2 recover"),
    "datasource host2 fail; datasource host2 welcome": ("is not SHUNNED, it is FAILED", "datasource host2 recover"),
    "datasource host1 shun; datasource host1 recover": ("host1 is the master", "datasource host1 welcome"),
    "datasource host1 fail; datasource host1 online": ("FAILED(MANUALLY-FAILED)", "datasource host1 recover"),
    "datasource host2 shun; datasource host3 offline; switch": (
        "no member can become the master",
        "datasource host2 welcome",
    ),
}
UNDO = "datasource host2 recover; datasource host2 online"


@pytest.mark.parametrize("commands", WELL)
def test_while_all_is_well(calm: Alpha, commands: str) -> None:
    """All but the last command are done; the last is refused and changes nothing."""
    *first, last = commands.split("; ")
    reason, next_command = WELL[commands]
    try:
        if first:
            calm.does("-expert", "; ".join(first))
        before = calm.snapshot()
        said = calm.refuses(last, "-expert")
        assert reason in said
        assert following(said) == next_command
        means_something(next_command, calm)
        assert calm.snapshot() == before
    finally:
        calm("datasource host1 welcome")
        calm("datasource host1 recover")
        for host in ("host2", "host3"):
            if calm.states()[host] != "slave:ONLINE OK":
                calm(f"datasource {host} recover")
                calm(f"datasource {host} online")
    assert calm.states()["host1"] == "master:ONLINE OK"
    calm.stands("host1", ["host2", "host3"])


def test_why_nobody_can_become_the_master_is_said_for_each(calm: Alpha) -> None:
    calm.does("datasource host2 shun; datasource host3 offline")
    said = calm.refuses("switch")
    assert "DETAIL: host2: it is SHUNNED(MANUALLY-SHUNNED); first: datasource host2 welcome" in said
    assert "DETAIL: host3: it is OFFLINE; first: datasource host3 online" in said
    calm.does("datasource host2 welcome; datasource host3 online")


def test_one_too_far_behind_is_refused_with_the_numbers(calm: Alpha) -> None:
    strict = calm.lab.directory / "strict.toml"
    text = calm.config.read_text()
    strict.write_text(text.replace("[dataservice.alpha]\n", "[dataservice.alpha]\nmaximum_lag = 65536\n"))
    cctrl = Cctrl(calm.lab.environ, ["--config", str(strict)])
    with standing_still(calm, "host2"):
        calm.sql("host1", "select pg_logical_emit_message(false, 'x', repeat('x', 300000)), pg_switch_wal()")
        calm.sql("host1", "checkpoint")
        refused = cctrl("-c", "switch to host2")
        assert refused.returncode == 3
        said = refused.stderr
        assert re.search(r"host2 cannot become the master: \d+ [kM]B behind, limit 64 kB", said), said
        explained = cctrl("-c", "explain switch")
        assert "SELECTED SLAVE: host3@alpha" in explained.stdout
        assert re.search(r"host2@alpha was not taken: \d+ [kM]B behind, limit 64 kB", explained.stderr)
    calm.lab.has("host1", "select count(*) from pg_stat_replication where state = 'streaming'", "2", 60)


@contextmanager
def standing_still(alpha: Alpha, slave: str) -> Iterator[None]:
    """The slave's server is up, but receives nothing."""
    receiver = int(alpha.sql(slave, "select pid from pg_stat_wal_receiver"))
    os.kill(receiver, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(receiver, signal.SIGCONT)


# The expert-level question.


def test_without_a_terminal_an_expert_command_needs_a_yes_beforehand(calm: Alpha) -> None:
    before = calm.snapshot()
    said = calm.refuses("datasource host3 fail")
    assert "WARNING: This is an expert-level command:\nIncorrect use may cause data corruption\n" in said
    assert "--yes" in following(said)
    assert calm.snapshot() == before


@pytest.mark.parametrize(("answer", "status"), [("n", 3), ("y", 0)])
def test_at_a_terminal_it_is_asked(calm: Alpha, answer: str, status: int) -> None:
    program, *words = calm.lab.cctrl.argv("-c", "datasource host3 fail")
    child = pexpect.spawn(program, words, env=calm.lab.environ, cwd=calm.lab.environ["HOME"], timeout=60)
    child.expect_exact("Do you want to continue? (y/n)> ")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == status
    failed = calm.states()["host3"] == "slave:FAILED(MANUALLY-FAILED) CRITICAL"
    assert failed == (answer == "y")
    if failed:
        calm.does("datasource host3 recover; datasource host3 online")


# What only decides: the documented lines.

LINES: dict[str, tuple[str, str]] = {
    "datasource host3 shun": ("DataSource 'host3' set to SHUNNED", "slave:SHUNNED(MANUALLY-SHUNNED) SHUNNED"),
    "datasource host3 welcome": ("DataSource 'host3' is now ONLINE", "slave:ONLINE OK"),
    "datasource host3 offline": ("DataSource 'host3' is now OFFLINE", "slave:OFFLINE WARN"),
    "datasource host3 online": ("DataSource 'host3' is now ONLINE", "slave:ONLINE OK"),
    "datasource host3 fail": ("DataSource 'host3' set to FAILED", "slave:FAILED(MANUALLY-FAILED) CRITICAL"),
}


def test_decisions_are_told_and_shown(calm: Alpha) -> None:
    for command, (line, state) in LINES.items():
        assert calm.does("-expert", command) == line + "\n"
        assert calm.states() == {"host1": "master:ONLINE OK", "host2": "slave:ONLINE OK", "host3": state}
    calm.does("datasource host3 recover; datasource host3 online; datasource host3 shun")
    assert calm.does("datasource host3 recover") == "DataSource 'host3' is now OFFLINE\n"
    calm.does("datasource host3 online")
    calm.stands("host1", ["host2", "host3"])


@pytest.mark.parametrize("mode", ["manual", "maintenance", "automatic"])
def test_the_policy_is_kept_and_shown(calm: Alpha, mode: str) -> None:
    assert calm.does(f"set policy {mode}") == f"policy mode is now {mode.upper()}\n"
    assert calm.does("ls").startswith(f"COORDINATOR[none:{mode.upper()}:OFFLINE]\n")
    assert ("no manager runs" in calm("ls").stderr) == (mode != "maintenance")


# `explain` is the same code path, and changes nothing.

EXPLAINED: dict[str, list[str]] = {
    "explain switch": [
        "checkpoint host1",
        "shut its server down",
        "promote host2",
        "wait until host3 streams from host2",
    ],
    "explain switch to host3": ["SELECTED SLAVE: host3@alpha", "promote host3", "[cannot be undone]"],
    "explain recover": [],
    "explain datasource host2 recover": ["host2: it already streams"],
}


NEXT_TRANSACTION = "select pg_snapshot_xmax(pg_current_snapshot())"  # the log itself grows while nothing happens


@pytest.mark.parametrize("command", EXPLAINED)
def test_a_plan_is_printed_and_nothing_is_changed(calm: Alpha, command: str) -> None:
    before, at = calm.snapshot(), calm.sql("host1", NEXT_TRANSACTION)
    shown = calm.does(command)
    for words in EXPLAINED[command]:
        assert words in shown
    assert calm.snapshot() == before
    assert calm.sql("host1", NEXT_TRANSACTION) == at
