"""A rewind that dies while it overwrites: what stands is said, and a full copy leads out."""

from __future__ import annotations

import re

from tests.replication.hands import Hands
from tests.replication.held import Held
from tests.stage import Labs

LIMITED = """\
#!/bin/sh
[ -e {place}/whole ] || ulimit -f 2048
exec {program} "$@"
"""


def test_a_rewind_that_dies_while_copying(lab: Labs) -> None:
    """Its files may not grow beyond 1 MB, so that it is ended while it writes."""
    hands = Hands(lab())
    hands.table()
    hands.here("host1", "create table big as select g, repeat(md5(g::text), 20) t from generate_series(1, 20000) g")
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2")
    held = Held(hands, "host1", "pg_rewind")
    held.script("pg_rewind", LIMITED.format(place=held.place, program=f"{hands.server('host1').bin_dir}/pg_rewind"))
    command = (*held.options, "datasource host1 recover --force --rewind")

    first = hands.lab._plain(*command)
    assert first.returncode == 4, first.stdout + first.stderr
    assert "DETAIL: the data of host1 is half rewound: its server must not be started" in first.stderr
    page = hands("ls")
    assert "|REASON[DATA OF 'host1@alpha' IS HALF REWOUND]" in page.stdout, page.stdout
    assert len(hands.kept("host1")) == 1

    second = hands.lab._plain(*command)
    assert second.returncode == 4, second.stdout + second.stderr
    assert re.search(r"^NEXT: tprovision host1 ", second.stderr, re.M), second.stderr
    assert len(hands.kept("host1")) == 1, "the same log is kept once"
    hands.done("tprovision host1")
    hands.done("datasource host1 online")
    hands.stands("host2", ["host1", "host3"])


def test_a_rewind_that_overwrote_nothing_leaves_nothing(lab: Labs) -> None:
    hands = Hands(lab())
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2")
    held = Held(hands, "host1", "pg_rewind")
    held.script(
        "pg_rewind",
        f'#!/bin/sh\n[ -e {held.place}/whole ] || exit 1\nexec {hands.server("host1").bin_dir}/pg_rewind "$@"\n',
    )
    command = (*held.options, "datasource host1 recover --force --rewind")
    for _ in range(2):
        ended = hands.lab._plain(*command)
        assert "cannot rewind host1 to host2" in ended.stderr
        assert "half rewound" not in ended.stderr + hands("ls").stdout
    assert len(hands.kept("host1")) <= 2, "once as it was killed, and once as it was shut down for the rewind"
    held.set("whole")
    done = hands.lab._plain(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(hands.kept("host1")) <= 2
