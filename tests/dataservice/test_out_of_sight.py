"""Where no host answers the exit status says so; JSON has what the lines say."""

from __future__ import annotations

import json

from tests.dataservice.alpha import Alpha


def test_hosts_that_do_not_answer_are_in_the_exit_status_and_in_the_data(alpha: Alpha) -> None:
    assert [m["state"] for m in alpha.documents("members")[0]["members"]] == ["ONLINE"] * 3
    alpha.fault("cut", "host3")
    said = alpha("--format=json", "ping host3")
    assert said.returncode == 5
    (host,) = json.loads(said.stdout)["data"]["hosts"]
    assert (host["name"], host["alive"]) == ("host3", False)
    assert alpha("ping").returncode == 0
    alpha.fault("cut", "host1", "host2")
    assert alpha("ls").returncode == 5


def test_a_shun_by_hand_is_lifted_by_welcome_wherever_that_is_said(alpha: Alpha) -> None:
    alpha.does("datasource host3 shun")
    for command in ("ls", "datasource host3 shun", "datasource host3 online", "recover"):
        assert "NEXT: datasource host3 welcome" in alpha(command).stderr, command


def test_explain_says_that_there_is_nothing_to_recover(alpha: Alpha) -> None:
    said = alpha("explain recover")
    assert (said.returncode, said.stdout) == (0, "nothing to recover\n")
    assert alpha.does("explain datasource host1 shun").startswith("datasource HOST shun: ")
