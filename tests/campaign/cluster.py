"""A segment cluster's lab on which rounds are played: the repair and the checks after each round."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from cctrl.lab import act, sql, traffic
from cctrl.lab.layout import read_plan
from cctrl.outcome import CctrlError
from cctrl.segments.catalog import VALID
from tests.campaign.playing import LOOK, MENDED_WITHIN, Playing
from tests.campaign.rounds import Round
from tests.campaign.segment_rounds import CONTENTS, COORDINATOR
from tests.segments.gp import Gp
from tests.stage import Labs

WHOLE = [f"{content}|psu|msu" for content in CONTENTS]
STATES = """\
select content, string_agg(concat(role, mode, status), '|' order by preferred_role desc)
from gp_segment_configuration where content >= 0 group by content order by content"""
PARTS = """\
select json_object_agg(role || content, hostname || ':' || port) from gp_segment_configuration where content >= 0"""
_VALID = ", ".join(f"'{a}{b}|{c}{d}'" for a, b, c, d in sorted(VALID))
WATCH = f"""\
create schema campaign;
create table campaign.invalid (at timestamptz default clock_timestamp(), content smallint, state text);
create function campaign.look() returns trigger language plpgsql as $$ begin
 insert into campaign.invalid (content, state)
 select content, state from (select content, string_agg(concat(status, mode), '|' order by role desc) as state,
   string_agg(role::text, '' order by role desc) as roles
  from public.gp_segment_configuration where content = new.content group by content) s
 where state not in ({_VALID}) or roles <> 'pm';
 return null;
end $$;
create constraint trigger campaign after insert or update on public.gp_segment_configuration
 deferrable initially deferred for each row execute function campaign.look();
"""
"""Keeps every state of a pair, as it is when a transaction ends, that no pair can be in."""


@dataclass(slots=True)
class Cluster(Playing):
    """One lab; its hosts are cdw and sdw1 to sdw3."""

    gp: Gp = field(kw_only=True)
    parts: Mapping[str, str] = field(init=False, default_factory=dict)

    def shown(self) -> str:
        """See Playing."""
        return self.gp.run("gpstate -e").stdout + self._sql("select * from gp_segment_configuration order by 2, 4")

    def prepared(self, round: Round, began: float) -> Mapping[str, str]:
        """See Playing."""
        places: dict[str, str] = json.loads(self._sql(PARTS))
        self.parts = places | {f"h{content}": places[f"p{content}"].partition(":")[0] for content in CONTENTS}
        return self.parts

    def _sql(self, statement: str) -> str:
        return sql(self.place, COORDINATOR, statement)

    def mend(self, began: float) -> None:
        """See Playing: `gprecoverseg`, with -F where that fails; servers are started as they lie where it says so."""
        since, full, states = time.monotonic(), False, [""]
        self.quietly("start", COORDINATOR)
        while not self._settled() or (states := self._states()) != WHOLE or self.gp.run("gpstate -e").returncode:
            waited = time.monotonic() - since
            assert waited < MENDED_WITHIN, f"not whole after {waited:.0f} s: {states}"
            command = _following(states, full=full)
            full = command != "" and self._by_hand(command, began) == 1 and "-r" not in command
            Event().wait(LOOK)  # between two looks
        self.tell(began, f"whole: {', '.join(states)}")

    def _states(self) -> list[str]:
        try:
            return self._sql(STATES).split()
        except CctrlError as error:  # a coordinator that is starting
            return [error.what]

    def _settled(self) -> bool:
        """True once FTS has looked at everything as it is now."""
        try:
            return self._sql("select gp_request_fts_probe_scan()") == "t"
        except CctrlError:
            return False

    def _by_hand(self, command: str, began: float) -> int:
        self.by_hand += 1
        done = self.gp.run(command)
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        self.tell(began, f"by hand: {command}: {done.returncode} {'; '.join(said[-2:])}")
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        if "acquire resources" in done.stdout:  # a double fault: what to start is said
            for name in ("p", "m"):
                for content in CONTENTS:
                    self.quietly("start", self.parts[f"{name}{content}"])
            self.tell(began, "by hand: the servers are started as they lie")
        return done.returncode

    def check(self, round: Round, began: float) -> None:
        """See Playing."""
        invalid = self._sql("select * from campaign.invalid")
        assert not invalid, f"the catalog said what no pair can be:\n{invalid}"
        reports = {content: traffic.report(self.place, content)[0] for content in CONTENTS}
        act(self.place, ("traffic", "stop"))
        for content, found in reports.items():
            assert not found.lost, f"content {content}: acknowledged rows are lost: {found.lost[:20]}"
            assert not found.overlaps, f"content {content}: two servers took writes at the same time: {found.overlaps}"
        longest = max(found.longest.milliseconds for found in reports.values())
        rows = sum(found.rows for found in reports.values())
        self.tell(began, f"{rows} rows, 0 lost, longest gap {longest:.0f} ms")
        self._clean_up()

    def _clean_up(self) -> None:
        """What was kept aside: or the small disks fill up."""
        for host in read_plan(self.place).hosts:
            for aside in Path(host.home).glob("*/.cctrl-gpseg*.*-*"):
                shutil.rmtree(aside, ignore_errors=True)


def _following(states: list[str], *, full: bool) -> str:
    """The next documented command; "" where FTS is to be waited for."""
    if any("d" in state for state in states):
        return "gprecoverseg -a -F" if full else "gprecoverseg -a"
    return "gprecoverseg -r -a" if all("s" in state for state in states) and states != WHOLE else ""


def raised(labs: Labs, *, disks: bool, say: Callable[[str], None]) -> Cluster:
    """A new lab to play on."""
    options = ["--hosts", len(CONTENTS), "--failure-timeout", "2", *(["--disk", "700MB"] if disks else [])]
    gp = Gp(labs(*options, kind="segments", manager=True))
    made = Cluster(say, gp.lab, gp=gp)
    sql(made.place, COORDINATOR, WATCH)
    return made
