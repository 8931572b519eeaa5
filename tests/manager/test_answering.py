"""`cctrl manager` answers health checks, on real hosts."""

from __future__ import annotations

import http.client
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.dataservice.alpha import Alpha
from tests.router.stand import free_port
from tests.stage import wait_for


def checked(alpha: Alpha) -> int:
    """Have health checks answered on the port that is returned, as the lab's configuration says from now on."""
    port, text = free_port(), alpha.config.read_text()
    alpha.config.write_text(text.replace("[dataservice.alpha]\n", f"[dataservice.alpha]\ncheck_port = {port}\n", 1))
    return port


@contextmanager
def manager(alpha: Alpha, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as err:
        process = subprocess.Popen(
            alpha.lab.cctrl.argv("manager"), stderr=err, env=alpha.lab.environ, cwd=alpha.lab.environ["HOME"]
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def answer(port: int, path: str) -> int:
    """The status of an answer; 0 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_every_manager_answers_and_follows_what_happens(alpha: Alpha, tmp_path: Path) -> None:
    port = checked(alpha)
    log = tmp_path / "manager.log"
    alpha.does("set policy manual")
    with manager(alpha, log):
        wait_for(lambda: answer(port, "/primary/host1") == 200, 20, "host1 takes clients that write")
        assert [answer(port, f"/replica/host{n}") for n in (1, 2, 3)] == [503, 200, 200]
        alpha.does("datasource host3 shun")
        wait_for(lambda: answer(port, "/replica/host3") == 503, 1, "what is decided counts at once")
        alpha.fault("kill", "host1")
        wait_for(lambda: answer(port, "/primary/host1") == 503, 5, "a dead server takes nobody")
        alpha.does("--yes", "failover to host2")
        wait_for(lambda: answer(port, "/primary/host2") == 200, 5, "the new master takes clients")
        with manager(alpha, tmp_path / "second.log"):
            wait_for(
                lambda: "in use" in (tmp_path / "second.log").read_text(), 20, "the port is taken, and that is said"
            )
    assert answer(port, "/primary/host2") == 0
    assert f"answering health checks on 127.0.0.1 port {port}" in log.read_text()
    assert "Traceback" not in log.read_text()
