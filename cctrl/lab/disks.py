"""Hosts with a file system of their own, small enough to be filled (root): a tmpfs on each host's home."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from cctrl.lab.layout import HostPlan, Plan, name_option
from cctrl.outcome import Refused, UsageError

SMALLEST, LARGEST = 200, 65536  # MB: a database just initialised with its log needs 100
_FILLING = "filling"
_SIZE = re.compile(r"(\d{1,6})(MB|GB)\Z")


def size(text: str) -> int:
    """The MB that `--disk` asks for, 0 where it is not given. Raises UsageError, Refused."""
    if not text:
        return 0
    found = _SIZE.match(text)
    asked = int(found[1]) * (1024 if found[2] == "GB" else 1) if found else 0
    if not SMALLEST <= asked <= LARGEST:
        limits = f"it must be from {SMALLEST}MB to {LARGEST // 1024}GB"
        raise UsageError(f"--disk is {text!r}, {limits}", next="cctrl lab up --disk 400MB")
    if os.geteuid() != 0:
        raise Refused("file systems of their own for the hosts need root", next="leave out --disk")
    return asked


def mount(plan: Plan, host: HostPlan) -> None:
    """Give a host its file system. Raises Refused."""
    if not plan.disk:
        return
    owner = f"uid={plan.run_as.uid},gid={plan.run_as.gid}"
    argv = ["mount", "-t", "tmpfs", "-o", f"size={plan.disk}m,mode=0700,{owner}", "cctrl-lab", host.home]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"cannot mount a file system for {host.name}", detail=done.stderr.strip())


def unmount(plan: Plan) -> None:
    """Take the file systems away, as far as they are there."""
    for host in plan.hosts if plan.disk else ():
        if os.path.ismount(host.home):
            subprocess.run(["umount", "--lazy", host.home], capture_output=True, check=False)


def fill(plan: Plan, host: HostPlan) -> bool:
    """Leave no byte on a host's file system; False where it was filled already. Raises Refused."""
    path = _filling(plan, host)
    there = path.exists()
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        room = os.statvfs(host.home)
        _take(lambda: os.posix_fallocate(file.fileno(), before, room.f_bavail * room.f_frsize))
        file.seek(0, os.SEEK_END)
        while _take(lambda: file.write(b"\0" * room.f_frsize)):
            continue
    return not there


def unfill(plan: Plan, host: HostPlan) -> bool:
    """Give a filled file system its room again; False where it was not filled. Raises Refused."""
    path = _filling(plan, host)
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def _filling(plan: Plan, host: HostPlan) -> Path:
    if not plan.disk:
        raise Refused(
            f"{host.name} has no file system of its own that could be filled",
            detail=f"lab {plan.name} was made without --disk",
            next=f"cctrl lab up{name_option(plan.name)} --disk 400MB   (root)",
        )
    return Path(host.home) / _FILLING


def _take(act: Callable[[], object]) -> bool:
    """Do what takes room; False where there was none."""
    try:
        act()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True
