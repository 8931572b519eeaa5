"""A grid as a person sees it: through ttGridAdmin, and by SQL on its elements."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import subprocess
from collections.abc import Iterator

from cctrl.grid.record import decoded
from tests.stage import Completed, Lab, wait_for


class Grid:
    """A lab's grid; elements are called by their hosts."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def run(self, command: str) -> Completed:
        """One command of ttGridAdmin."""
        return self.lab.cctrl("-c", f"ttGridAdmin {command}")

    def done(self, command: str) -> str:
        """The same for one that must end well; its output."""
        ended = self.run(command)
        assert ended.returncode == 0, f"{command}: exit {ended.returncode}\n{ended.stdout[-3000:]}{ended.stderr}"
        return ended.stdout

    def asked(self, query: str, *values: str) -> str:
        """The first value of the first row of a query to the store; "" where there is none."""
        path = self.lab.directory / "lab" / "state" / "cctrl.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            row = store.execute(query, values).fetchone()
        return str(row[0]) if row else ""

    @contextlib.contextmanager
    def open_definition(self, host: str, table: str, database: str = "database1") -> Iterator[None]:
        """A transaction that has made a table, committed afterwards: until then it holds elements back that are to
        come into the set again."""
        slot = decoded(self.asked("SELECT text FROM document WHERE name = ?", database)).slot
        dsn = re.sub(r":(\d+)/", lambda found: f":{int(found[1]) + slot}/", self.lab.dsn(host))
        argv = [self.lab.environ["CCTRL_TEST_PSQL"], "-XAtq", "-v", "ON_ERROR_STOP=1", dsn]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            assert session.stdin is not None and session.stdout is not None
            session.stdin.write(f"begin;\ncreate table {table} (a int);\n\\echo made\n")
            session.stdin.flush()
            assert session.stdout.readline() == "made\n"
            yield
            session.stdin.write("commit;\n\\q\n")
            session.stdin.close()
            session.wait(60)

    def rows(self, database: str = "database1") -> dict[str, tuple[str, str]]:
        """Host -> status and message, as dbStatus -element shows them."""
        lines = self.done(f"dbStatus {database} -element").splitlines()
        rule = next((line for line in lines if line.startswith("-----")), "")
        if not rule:
            return {}
        ends = [at for at, char in enumerate(rule + " ") if char == " "]
        starts = [0, *(end + 1 for end in ends)]
        cells = [[line[a:b].strip() for a, b in zip(starts, ends, strict=False)] for line in lines[4:]]
        return {row[0]: (row[3], row[5]) for row in cells if len(row) > 5}

    def statuses(self, database: str = "database1") -> dict[str, str]:
        """Host -> status."""
        return {host: status for host, (status, _) in self.rows(database).items()}

    def recorded(self, database: str = "database1") -> dict[str, str]:
        """Host -> status, as the manager has recorded it: a look costs less than dbStatus."""
        text = self.asked("SELECT text FROM document WHERE name = ?", database)
        return {e.host: e.status.value for e in decoded(text).elements} if text else {}

    def becomes(self, host: str, status: str, seconds: float = 60.0, database: str = "database1") -> None:
        """Wait until an element has a status, and dbStatus shows it."""
        self.become({host: status}, seconds, database)

    def become(self, wanted: dict[str, str], seconds: float = 60.0, database: str = "database1") -> None:
        """The same for several."""
        try:
            wait_for(lambda: wanted.items() <= self.recorded(database).items(), seconds)
            wait_for(lambda: wanted.items() <= self.statuses(database).items(), seconds)
        except AssertionError:
            raise AssertionError(f"{wanted} is not reached: {self.rows(database)}") from None

    def well(self, *hosts: str) -> None:
        """Wait until all elements, or those of some hosts, are opened."""
        every = hosts or ("host3", "host4", "host5", "host6", "host7", "host8")
        self.become(dict.fromkeys(every, "opened"))

    def psql_as(self, host: str, user: str, password: str) -> list[str]:
        """The command line of a user's psql."""
        dsn = re.sub(r"//[^@]*@", f"//{user}:{password}@", self.lab.dsn(host))
        return [self.lab.environ["CCTRL_TEST_PSQL"], "-XAtqw", dsn]

    def let_in(self, host: str, user: str, password: str) -> bool:
        """Whether a user can connect."""
        argv = [*self.psql_as(host, user, password), "-c", "select"]
        return subprocess.run(argv, env=self.lab.environ, capture_output=True, check=False).returncode == 0

    def active(self, *hosts: str) -> str:
        """Which of these takes writes."""
        found = [h for h in hosts if self.lab.try_sql(h, "select pg_is_in_recovery()").stdout.strip() == "f"]
        assert len(found) == 1, found
        return found[0]
