"""Every file of transcripts/ holds on a lab of its own, and a wrong line in one is caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage import Cctrl

FOLDER = Path(__file__).parents[2] / "transcripts"
FILES = sorted(FOLDER.glob("*.t"))


def test_there_are_transcripts() -> None:
    """An empty folder would hold nothing."""
    assert len(FILES) >= 8


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_holds(cctrl: Cctrl, file: Path) -> None:
    """Replayed as a user would."""
    done = cctrl("replay", file, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_line_is_caught(cctrl: Cctrl, tmp_path: Path) -> None:
    """One letter too many in the seed's line."""
    text = (FOLDER / "seed-datasource-recover.t").read_text()
    assert "WAS SUCCESSFUL" in text
    wrong = tmp_path / "wrong.t"
    wrong.write_text(text.replace("WAS SUCCESSFUL", "WAS SUCCESSFULL"))
    done = cctrl("replay", wrong, timeout=280)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "WAS SUCCESSFULL" in done.stdout
