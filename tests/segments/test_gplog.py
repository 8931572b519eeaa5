"""The log lines of the utilities, on the screen and in their file (reference greenplum.md, 4.1)."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from cctrl.segments.utilities.gplog import CRITICAL, DEBUG, INFO, LEVELS, GpLog, log_directory, prefix

AT = datetime(2026, 11, 22, 6, 18, 41)


def test_a_line_as_recorded() -> None:
    recorded = "20261122:06:18:41:005551 gpstate:cdw:gpadmin-[INFO]:-"
    assert prefix(AT, 5551, "gpstate", "cdw:gpadmin", INFO) == recorded


@pytest.mark.parametrize(
    ("options", "screen", "file"),
    [
        ({}, ["INFO", "WARNING", "ERROR", "CRITICAL"], ["INFO", "WARNING", "ERROR", "CRITICAL"]),
        ({"lowest": DEBUG}, list(LEVELS), list(LEVELS)),
        ({"quiet": True}, ["WARNING", "ERROR", "CRITICAL"], ["INFO", "WARNING", "ERROR", "CRITICAL"]),
        ({"quiet": True, "lowest": DEBUG}, ["WARNING", "ERROR", "CRITICAL"], list(LEVELS)),
    ],
)
def test_levels(tmp_path: Path, options: dict[str, object], screen: list[str], file: list[str]) -> None:
    shown: list[str] = []
    directory = tmp_path / "logs"
    log = GpLog("gpstate", "cdw:gpadmin", shown.append, shown.append, directory=directory, clock=lambda: AT, **options)  # type: ignore[arg-type]
    for level in LEVELS:
        log.say(level, level.lower())
    start = f"20261122:06:18:41:{os.getpid():06d} gpstate:cdw:gpadmin-"
    assert shown == [f"{start}[{level}]:-{level.lower()}" for level in screen]
    assert (directory / "gpstate_20261122.log").read_text().splitlines() == [
        f"{start}[{level}]:-{level.lower()}" for level in file
    ]


def test_a_message_of_several_lines_is_prefixed_once(tmp_path: Path) -> None:
    shown: list[str] = []
    log = GpLog("gpstate", "cdw:gpadmin", shown.append, shown.append, directory=tmp_path)
    log.say(CRITICAL, "one\ntwo")
    log.raw("three")
    assert shown[0].endswith("gpstate:cdw:gpadmin-[CRITICAL]:-one")
    assert shown[1:] == ["two", "three"]


def test_a_log_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes: list[str] = []
    log = GpLog("gpstate", "cdw:gpadmin", lambda _: None, notes.append, directory=tmp_path / "file" / "logs")
    log.info("one")
    log.info("two")
    assert notes == [f"cannot write the log in {tmp_path}/file/logs: Not a directory"]


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert log_directory("") == tmp_path / "gpAdminLogs"
    assert log_directory("~/x") == tmp_path / "x"


def test_what_is_no_text_or_no_user_ends_no_run(tmp_path: Path) -> None:
    shown: list[str] = []
    log = GpLog("gpstate", "cdw:gpadmin", shown.append, shown.append, directory=tmp_path, clock=lambda: AT)
    log.info("Starting gpstate with args: -l \udcff")
    assert "-l \\udcff" in (tmp_path / "gpstate_20261122.log").read_text()
    assert log_directory("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
