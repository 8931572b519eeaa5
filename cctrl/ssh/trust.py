"""Accepting a host's key: `trust` fetches it, a person compares its fingerprint, `accept` writes it."""

from __future__ import annotations

import hmac
import os
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

from cctrl.config import Host
from cctrl.outcome import Refused, Unreachable, in_words
from cctrl.ssh import hostkeys
from cctrl.ssh.auth import AskSecret
from cctrl.ssh.by_hand import login
from cctrl.ssh.connection import Attempt
from cctrl.ssh.connector import Connector, hop_host
from cctrl.ssh.failure import CannotReach
from cctrl.ssh.hostkeys import Line, Standing, Verdict
from cctrl.ssh.hosts import Hosts
from cctrl.ssh.resolve import Endpoint


@dataclass(frozen=True, slots=True)
class Offer:
    """The key a host shows, and what is known of it so far."""

    host: str  # the host's name in the configuration, or the jump host before it
    endpoint: Endpoint
    key_type: str
    key: bytes
    verdict: Verdict
    behind: str = ""  # the host beyond, where this is a jump host

    @property
    def changed(self) -> bool:
        """True where another key is known for this host."""
        return self.verdict.standing is Standing.CHANGED

    @property
    def known(self) -> bool:
        """True where there is nothing to accept."""
        return self.verdict.standing is Standing.KNOWN

    @property
    def file(self) -> Path:
        """The known_hosts file the key is written to."""
        return self.endpoint.known_hosts[0]

    def lines(self) -> list[str]:
        """What a person has to see before accepting it."""
        who = f"jump host {self.host} (on the way to {self.behind})" if self.behind else f"host {self.host}"
        shown = [f"{who}: {self.endpoint}", f"{self.key_type} key fingerprint {self.verdict.fingerprint}"]
        if self.known:
            shown.append(f"is already known ({self.verdict.lines[0].place})")
        elif self.changed:
            shown.append("THE KEY HAS CHANGED: the host was set up anew, or somebody is in between")
            shown += [f"known so far: {line.fingerprint} ({line.place})" for line in self.verdict.lines]
        return shown


def trust(host: Host, *, timeout: float = 5.0, ask_secret: AskSecret | None = None) -> Offer:
    """Fetch the key of `host`, or of the first jump host on the way to it whose key is not known.

    Raises Unreachable where there is no answer, Refused where the key is revoked or no file can take it.
    """
    with Hosts(timeout=timeout, ask_secret=ask_secret) as hosts:
        try:
            offer = _offer(hosts, host, timeout)
        except CannotReach as failure:
            what = f"cannot fetch the key of {host.name}: {failure.reason}"
            raise Unreachable(what, next="" if failure.untrusted else failure.next or login(host)) from None
        except OSError as error:
            raise Refused(f"cannot read {error.filename}: {error.strerror}") from None
    if offer.verdict.standing is Standing.REVOKED:
        raise Refused(offer.verdict.reason)
    if not offer.endpoint.known_hosts:
        raise Refused(f"no known_hosts file is configured for {host.name}")
    return offer


def _offer(hosts: Hosts, host: Host, timeout: float) -> Offer:
    attempt = Attempt(timeout)
    connector = hosts.connector
    try:
        endpoint = connector.endpoint(host, None, attempt)
        for number, hop in enumerate(endpoint.proxy_jump):
            offer = _key_of(connector, hop_host(hop, host), endpoint.proxy_jump[:number] or None, attempt, host.name)
            if not offer.known:
                return offer
        return _key_of(connector, host, None, attempt, "")
    finally:
        attempt.close()


def _key_of(connector: Connector, host: Host, via: tuple[str, ...] | None, attempt: Attempt, behind: str) -> Offer:
    endpoint, key_type, key = connector.host_key(host, via, attempt)
    verdict = hostkeys.judge(endpoint.known_hosts, endpoint.entry, key)
    return Offer(host.name, endpoint, key_type, key, verdict, behind)


def accept(offer: Offer) -> list[str]:
    """Write the offered key to its known_hosts file (atomically, mode 0600); lines that say what was done.

    Lines with another key of that host are kept there as comments. Raises Refused where they stand in
    a file that is not the user's, or the file cannot be written.
    """
    file = Path(os.path.realpath(offer.file))
    others = [line for line in offer.verdict.lines if offer.changed]
    foreign = next((line for line in others if os.path.realpath(line.file) != str(file)), None)
    if foreign is not None:
        raise Refused(
            f"the other key of {offer.host} stands in {foreign.place}, which is not changed here",
            next=f"remove that line, then cctrl trust {offer.behind or offer.host}",
        )
    if file.exists() and not file.is_file():
        raise Refused(f"{offer.file} is not a file that keys can be kept in", next="set known_hosts for this host")
    try:
        before = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
        _write(file, _with_key(before, offer, {line.number: line for line in others}))
    except OSError as error:
        raise Refused(f"cannot write {file}: {in_words(error)}") from None
    said = [f"accepted {offer.key_type} {offer.verdict.fingerprint} for {offer.verdict.name} in {offer.file}"]
    said += [f"the key of line {line.number} is kept there as a comment" for line in others]
    return said


def _with_key(text: str, offer: Offer, others: dict[int, Line]) -> str:
    """`text` with the offered key, the `others` (by line number) turned into comments."""
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if number not in others:
            lines.append(line)
            continue
        lines.append(f"# replaced {today} by cctrl trust: {line}")
        kept = [name for name in others[number].names if name.lower() != offer.verdict.name]
        if kept and len(kept) < len(others[number].names):  # the line also named other hosts
            lines.append(f"{','.join(kept)} {others[number].key_type} {others[number].key}")
    name = _hashed(offer.verdict.name) if offer.endpoint.hash_known_hosts else offer.verdict.name
    lines.append(f"{name} {offer.key_type} {b64encode(offer.key).decode()}")
    return "\n".join(lines) + "\n"


def _hashed(name: str) -> str:
    salt = token_bytes(20)
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{b64encode(salt).decode()}|{b64encode(digest).decode()}"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".known_hosts.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
