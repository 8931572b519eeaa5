"""The programs `tprovision` and `tungsten_provision_slave`: the documented options lead to the shell's command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cctrl.outcome import UsageError
from cctrl.shell.provision import translated
from tests.shell.conftest import ROOT


def command(*argv: str, here: str = "host3.example.com") -> list[str]:
    return translated(argv, "tprovision", here)


def test_the_documented_spelling() -> None:
    assert command("--source=host2") == ["-c", "tprovision host3 --source host2"]
    assert command("-f", "--service", "alpha") == ["--service=alpha", "-c", "tprovision host3 --force"]
    words = command("host1", "--max-rate", "20M", "--source", "host2", "--force", "--lab=demo", "-v")
    assert words == ["--lab=demo", "--verbose", "-c", "tprovision host1 --source host2 --max-rate 20M --force"]


@pytest.mark.parametrize(
    "argv", [["host1;quit"], ["--source=a b"], ["host1", "--max-rate=1; ls"], ["--xtrabackup"], ["host1", "host2"]]
)
def test_what_means_something_else_is_refused(argv: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        command(*argv)
    assert "tprovision" in caught.value.next


def test_the_program_says_its_errors_as_cctrl_does() -> None:
    code = "import sys; sys.argv = ['/bin/tprovision', '-x']; from cctrl.cli import provision; sys.exit(provision())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert done.stderr.splitlines()[-1] == "NEXT: tprovision --help"
