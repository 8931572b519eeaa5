"""The project's own transcripts are well-formed; playing them is `cctrl replay transcripts/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cctrl.transcript.command import files
from cctrl.transcript.format import read, render
from cctrl.transcript.model import Program, Typed

OURS = files([Path(__file__).parents[2] / "transcripts"])


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_it_parses_and_renders(path: Path) -> None:
    transcript = read(path)
    assert render(transcript) == path.read_text()
    assert transcript.lines[0].startswith("# "), "the first line says what the file shows"
    assert any(isinstance(step.action, Typed | Program) for step in transcript.steps)


def test_the_seeds_lines_stand_there_byte_for_byte() -> None:
    recover = next(p for p in OURS if p.name == "seed-recover.t").read_text()
    assert "RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'\n" in recover
    one = next(p for p in OURS if p.name == "seed-datasource-recover.t").read_text()
    one = one.replace("\n...\n", "\n")  # what a busy machine says in between
    assert (
        "[LOGICAL:EXPERT] /alpha > datasource host1 recover\n"
        "VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'\n"
        "DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS\n"
        "RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER\n"
        "RECOVERY OF 'host1@alpha' WAS SUCCESSFUL\n"
    ) in one


def test_the_seeds_blocks_of_the_grid_stand_there_byte_for_byte() -> None:
    text = "".join(p.read_text() for p in OURS if p.name.startswith("grid-"))
    for block in (
        "% ttGridAdmin dbCreate database1 -instance host3\nDatabase database1 creation started\n",
        "% ttGridAdmin instanceExec -only host4.instance1 ttDaemonAdmin -start \n"
        "Overall return code: 0\n"
        "Commands executed on:\n"
        "  host4.instance1 rc 0\n"
        "Return code from host4.instance1: 0\n"
        "Output from host4.instance1:\n"
        "TimesTen Daemon (PID: [PID], port: 14000) startup OK.\n",
        "% ttGridAdmin dbDestroy database1 -instance host3\nDatabase database1 destroy started\n",
    ):
        assert block in text
