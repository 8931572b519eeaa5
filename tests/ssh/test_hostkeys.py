"""known_hosts: every form of entry, what each says of a key, and what reading a large file costs."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from cctrl.ssh import hostkeys
from cctrl.ssh.hostkeys import Standing, Verdict, entry_name, judge, known_algorithms, lookup
from tests.ssh.servers import make_key

KEY = b"\x00\x00\x00\x0bssh-ed25519 one"
OTHER = b"\x00\x00\x00\x0bssh-ed25519 two"


def entry(names: str, key: bytes = KEY, marker: str = "", kind: str = "ssh-ed25519") -> str:
    return f"{marker + ' ' if marker else ''}{names} {kind} {b64encode(key).decode()} a comment\n"


def said(file: Path, text: str, name: str, key: bytes = KEY) -> Verdict:
    file.write_text(text)
    return judge([file], name, key)


@pytest.mark.parametrize(
    ("names", "name", "standing"),
    [
        ("db1", "db1", Standing.KNOWN),
        ("DB1", "db1", Standing.KNOWN),
        ("db1,10.0.0.1", "10.0.0.1", Standing.KNOWN),
        ("db1", "db2", Standing.UNKNOWN),
        ("[db1]:2222", "[db1]:2222", Standing.KNOWN),
        ("[db1]:2222", "db1", Standing.UNKNOWN),
        ("db1", "[db1]:2222", Standing.KNOWN),  # as OpenSSH: the bare name, with the same key
        ("*.example.com", "db1.example.com", Standing.KNOWN),
        ("*.example.com,!db1.example.com", "db1.example.com", Standing.UNKNOWN),
        ("db?", "db1", Standing.KNOWN),
        ("db?", "db12", Standing.UNKNOWN),
        ("[*.example.com]:2222", "[db1.example.com]:2222", Standing.KNOWN),
    ],
)
def test_names(known_hosts: Path, names: str, name: str, standing: Standing) -> None:
    assert said(known_hosts, entry(names), name).standing is standing


def test_another_key_is_a_change_and_names_its_line(known_hosts: Path) -> None:
    verdict = said(known_hosts, "# comment\n\n" + entry("db1", OTHER), "db1")
    assert verdict.standing is Standing.CHANGED
    assert f"{known_hosts}:3" in verdict.reason
    assert hostkeys.fingerprint(KEY) in verdict.reason


def test_one_of_several_keys_is_enough(known_hosts: Path) -> None:
    assert said(known_hosts, entry("db1", OTHER) + entry("db1"), "db1").standing is Standing.KNOWN


def test_revoked_wins(known_hosts: Path) -> None:
    verdict = said(known_hosts, entry("db1") + entry("*", KEY, "@revoked"), "db1")
    assert verdict.standing is Standing.REVOKED
    assert "revoked" in verdict.reason


def test_an_authority_alone_does_not_vouch(known_hosts: Path) -> None:
    verdict = said(known_hosts, entry("db1", OTHER, "@cert-authority"), "db1")
    assert verdict.standing is Standing.UNKNOWN
    assert "certificate authority" in verdict.reason


def test_hashed_entries(known_hosts: Path) -> None:
    known_hosts.write_text(entry("db1") + entry("[db2]:2222", OTHER))
    subprocess.run(["ssh-keygen", "-H", "-f", str(known_hosts)], check=True, capture_output=True)
    assert "db1" not in known_hosts.read_text()
    assert judge([known_hosts], "db1", KEY).standing is Standing.KNOWN
    assert judge([known_hosts], "[db2]:2222", OTHER).standing is Standing.KNOWN
    assert judge([known_hosts], "db2", OTHER).standing is Standing.UNKNOWN


def test_nonsense_lines_are_passed_over(known_hosts: Path) -> None:
    text = "db1\n@what db1\n|1|x|y ssh-ed25519 AAAA\ndb1 ssh-ed25519\n\x00\xff\n" + entry("db1")
    assert said(known_hosts, text, "db1").standing is Standing.KNOWN


def test_a_missing_file_is_empty_and_a_changed_one_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "absent"
    assert lookup([file], "db1") == []
    file.write_text(entry("db1"))
    assert len(lookup([file], "db1")) == 1
    file.write_text(entry("db1") + entry("db1", OTHER))
    assert len(lookup([file], "db1")) == 2


def test_the_fingerprint_is_ssh_keygens(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    told = subprocess.run(["ssh-keygen", "-lf", str(key)], capture_output=True, text=True, check=True).stdout
    file = tmp_path / "known"
    file.write_text("db1 " + Path(f"{key}.pub").read_text())
    assert lookup([file], "db1")[0].fingerprint.split()[1] in told


def test_known_algorithms_come_first(known_hosts: Path) -> None:
    known_hosts.write_text(entry("db1", kind="ssh-rsa"))
    order = known_algorithms(lookup([known_hosts], "db1"), ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"])
    assert order == ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]


def test_entry_names() -> None:
    assert entry_name("DB1", 22) == "db1"
    assert entry_name("::1", 2222) == "[::1]:2222"


def test_a_file_is_read_once_and_no_key_of_it_is_decoded(known_hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """paramiko's reader decodes all of them for each connection, which takes 28 ms for 300 lines."""
    known_hosts.write_text("".join(entry(f"host{n},10.0.{n // 256}.{n % 256}", b"%d" % n) for n in range(3000)))
    monkeypatch.setattr(hostkeys, "b64decode", None)
    assert lookup([known_hosts], "host0")
    monkeypatch.setattr(hostkeys, "_read", None)
    for n in range(0, 3000, 30):
        assert lookup([known_hosts], f"host{n}")
