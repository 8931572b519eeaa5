"""`gpstate` and `gprecoverseg` as programs: every word arrives as it was given."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl import grammar
from cctrl.config import Config, Host, Server, Service
from cctrl.outcome import UsageError
from cctrl.segments.commands import COMMANDS
from cctrl.shell.utility import translated

MEMBER = Server("cdw", Host("cdw", "cdw"), "cdw", 5432, "/data")


def config(*kinds: str) -> Config:
    services = tuple(Service(kind, f"{kind}{n}", (MEMBER,)) for n, kind in enumerate(kinds))
    return Config(Path("cctrl.toml"), services, Path("state"))


WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8), max_size=4)


def test_what_can_be_broken_is_called_as_ls_and_the_lab_call_it() -> None:
    sdw1 = Host("sdw1", "sdw1")
    here = (MEMBER, Server("primary0", sdw1, "sdw1", 6000, "/p"), Server("mirror1", sdw1, "sdw1", 7000, "/m"))
    spare = Server("sdw5", Host("sdw5", "sdw5"), "sdw5", 5432, "/s")
    segments = Service("segments", "gp", here, spares=(spare,))
    assert segments.places == ("cdw", "sdw1", "sdw5", "cdw:5432", "sdw1:6000", "sdw1:7000")
    instance = Server("host3.instance1", Host("host3", "host3"), "host3", 5432, "/d")
    assert Service("grid", "grid1", (instance,)).places == ("host3", "host3.instance1")


@given(WORDS)
def test_every_word_arrives(words: list[str]) -> None:
    *options, line = translated(config("dataservice", "segments"), "gprecoverseg", words)
    assert options == ["-service", "segments1", "-c"]
    (statement,) = grammar.split(line)
    command, invocation = grammar.parse(COMMANDS, statement, lambda kind: {})
    assert command.usage == "gprecoverseg [OPTIONS...]"
    assert list(invocation.rest) == words


@pytest.mark.parametrize("kinds", [(), ("dataservice",), ("segments", "segments")])
def test_not_one_cluster(kinds: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="works on a segment cluster"):
        translated(config(*kinds), "gpstate", [])


def test_options_are_completed() -> None:
    def words(text: str) -> dict[str, str]:
        return dict(grammar.completions(COMMANDS, text, lambda kind: {}))

    assert words("gpstate -e")["-e"] == "the pairs that need attention"
    assert set(words("gprecoverseg -a --di")) == {"--differential", "--disable-replay-lag"}
    assert "-F" in words("explain gprecoverseg ") or "-F" in words("gprecoverseg ")
    assert "-e" not in words("ls ")
