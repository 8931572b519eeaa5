"""A segment cluster as a person sees it: by SQL on its coordinator, and through gpstate and gprecoverseg."""

from __future__ import annotations

from tests.stage import Completed, Lab

WELL = "psu msu"


class Gp:
    """A lab's cluster. Pairs are named by content; a state is role, mode and status of primary and mirror as built."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def sql(self, statement: str) -> str:
        """Run a statement on the coordinator."""
        return self.lab.sql("cdw", statement)

    def state(self, content: int) -> str:
        """`psu msu`: the pair in the catalog."""
        return self.sql(state_of(content))

    def becomes(self, content: int, state: str, seconds: float = 40.0) -> None:
        """Wait until the catalog says so of a pair."""
        self.lab.has("cdw", state_of(content), state, seconds)

    def place(self, content: int, built: str) -> str:
        """`sdw1:6000` of a pair's built primary (p) or mirror (m)."""
        where = f"where content = {content} and preferred_role = '{built}'"
        return self.sql(f"select hostname || ':' || port from gp_segment_configuration {where}")

    def run(self, command: str) -> Completed:
        """One command in cctrl."""
        return self.lab.cctrl("-c", command)

    def done(self, command: str) -> str:
        """The same for one that must end well; its output."""
        ended = self.run(command)
        assert ended.returncode == 0, f"{command}: exit {ended.returncode}\n{ended.stdout[-3000:]}{ended.stderr}"
        return ended.stdout

    def fail(self, content: int) -> None:
        """Kill a built primary and wait for the failover; the catalog says so before the mirror is promoted."""
        self.lab.run("kill", self.place(content, "p"))
        self.becomes(content, "mnd pnu")
        self.lab.has(self.place(content, "m"), "select pg_is_in_recovery()", "f")

    def is_failed(self, content: int) -> None:
        """The same, unless a test before has left it so: which tests one process runs, and in a row, is not known."""
        if self.state(content) == WELL:
            self.fail(content)

    def is_well(self, content: int) -> None:
        """A pair is as it was built, whatever a test before has left."""
        if self.state(content) != WELL:
            self.heal(content, "gprecoverseg -a -F")

    def heal(self, content: int, recovery: str = "gprecoverseg -a") -> None:
        """Recover all, and bring all back into their preferred roles."""
        self.done(recovery)
        self.becomes(content, "msu psu")
        self.done("gprecoverseg -r -a")
        self.becomes(content, WELL)


def state_of(content: int) -> str:
    """The statement for `Gp.state`."""
    return (
        "select string_agg(concat(role, mode, status), ' ' order by preferred_role desc) "
        f"from gp_segment_configuration where content = {content}"
    )
