"""An old master that still accepts writes is recovered: what a client wrote at the last moment is not lost unsaid."""

from __future__ import annotations

import re
import signal
import subprocess

from tests.dataservice.alpha import Alpha
from tests.dataservice.test_broken_off import at
from tests.dataservice.test_recover_running import superseded


def test_a_row_that_is_written_after_the_look(alpha: Alpha) -> None:
    alpha.sql("host1", "create table t (i int)")
    alpha.lab.has("host3", "select count(*) from t", "0")
    superseded(alpha)
    client = subprocess.Popen(
        alpha.psql(alpha.dsns["host1"]),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=alpha.lab.environ,
    )  # fmt: skip
    acknowledged: list[str] = []

    def write() -> None:
        assert client.stdin
        assert client.stdout
        client.stdin.write("insert into t values (424242) returning i;\n")
        client.stdin.flush()
        acknowledged.append(client.stdout.readline().strip())

    with client:
        assert client.stdin
        assert client.stdout
        client.stdin.write("select 1;\n")
        client.stdin.flush()
        assert client.stdout.readline() == "1\n"
        ended = alpha.killed("datasource host1 recover", at("end host1", alpha, write), signal.SIGCONT)
        client.kill()
    assert acknowledged == ["424242"]
    said = "".join(ended.told)
    assert ended.status == 4, said + ended.out
    assert "host1 has 1 committed transaction that host2 does not have" in said
    assert "its server was ended before, and is marked so that it cannot start writable" in said
    assert re.search(r"^NEXT: datasource host1 recover --force", said, re.M)
    alpha.fault("start", "host1")
    assert alpha.standing("host1")["host1"] != "writable"
    forced = alpha("datasource host1 recover --force")
    assert "the log that only it has is kept in" in forced.stderr
    alpha.stands("host2", ["host1", "host3"])
