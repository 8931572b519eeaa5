"""The lab's own SSH keys. Imports `cryptography`; used by the switchboard only."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cctrl.lab.layout import Plan


def make_keys(plan: Plan) -> None:
    """Make the client's key, every host's key and known_hosts, in `DIR/ssh`."""
    place = Path(plan.directory) / "ssh"
    _make(place / "id_ed25519")
    lines = []
    for host in plan.hosts:
        where = host.address if host.ssh_port == 22 else f"[{host.address}]:{host.ssh_port}"
        lines.append(f"{where} {_make(place / f'{host.name}.key')}\n")
    _write(place / "known_hosts", "".join(lines).encode())


def _make(path: Path) -> str:
    """Write a key pair; returns the public key's line."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    _write(path.with_name(path.name + ".pub"), public + b"\n")
    return public.decode()


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
