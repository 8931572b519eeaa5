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
    assert (
        "[LOGICAL:EXPERT] /alpha > datasource host1 recover\n"
        "VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'\n"
        "DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS\n"
        "RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER\n"
        "RECOVERY OF 'host1@alpha' WAS SUCCESSFUL\n"
    ) in one
