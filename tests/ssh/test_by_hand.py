"""What is shown for people to type is what cctrl itself would do, and reads well."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from cctrl.config import Host
from cctrl.ssh.by_hand import login
from cctrl.ssh.quoting import readable

WORD = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def test_a_login_names_all_that_was_configured() -> None:
    assert login(Host("host1", "10.0.0.1")) == "ssh -o BatchMode=yes 10.0.0.1 true"
    assert login(Host("host1", "db1")) == "ssh -o BatchMode=yes db1 true", "an alias of ~/.ssh/config says the rest"
    host = Host("host1", "10.0.0.1", ssh_port=2222, ssh_user="dba", identity="/keys/my key")
    assert login(host) == "ssh -o BatchMode=yes -i '/keys/my key' -p 2222 -l dba 10.0.0.1 true"


@given(st.lists(WORD, min_size=1))
def test_what_is_readable_arrives_word_for_word(argv: list[str]) -> None:
    assert shlex.split(readable(argv)) == argv
