"""Deciding where a lab goes: its name, directories, ports, network and programs, all reserved here."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cctrl.config import problem
from cctrl.lab import control, disks, layout, netns, place, spread
from cctrl.lab.layout import Plan, RunAs, name_option
from cctrl.outcome import CctrlError, Refused, UsageError, did_you_mean, in_words

MOST_HOSTS = 100


@dataclass(frozen=True, slots=True)
class Options:
    """What `lab up` is asked for."""

    kind: str = "dataservice"
    name: str = "lab"
    hosts: int | None = None  # None: as many as a lab of the kind usually has; a coordinator's comes on top
    directory: str = ""  # "" means the state directory
    postgresql: str = ""  # directory of the PostgreSQL programs; "" means the wheel's
    sshd: bool = False
    netns: bool = False
    manager: bool = True
    disk: str = ""  # size of each host's own file system, as 400MB; "" for none
    synchronous: bool = False
    spares: int = 0  # hosts without a segment
    failure_timeout: float = 4.0  # seconds; shorter than outside a lab, whose hosts answer at once
    failover_block: float = 60.0  # seconds

    @property
    def count(self) -> int:
        """How many hosts, the coordinator's not counted."""
        return spread.USUAL[self.kind] if self.hosts is None else self.hosts


def check(options: Options) -> None:
    """Refuse what no lab can be, before anything is made. Raises UsageError, Refused."""
    layout.check_name(options.name)
    if options.kind not in spread.USUAL:
        near = did_you_mean(options.kind, spread.USUAL)
        raise UsageError(f"{options.kind!r} is no kind of lab", next=near or "cctrl lab up dataservice")
    least = {"segments": 2, "grid": spread.K}.get(options.kind, 1)  # of two copies each is on a host of its own
    if not least <= options.count <= MOST_HOSTS:
        usual = spread.USUAL[options.kind]
        what = f"a lab of the kind {options.kind} has {least} to {MOST_HOSTS} hosts, not {options.count}"
        raise UsageError(what, next=f"cctrl lab up {options.kind} --hosts {usual}")
    if options.spares and (options.kind != "segments" or not 0 < options.spares <= MOST_HOSTS - options.count):
        raise UsageError(f"--spares {options.spares}: hosts without a segment, of a lab of the kind segments alone")
    disks.size(options.disk)
    for key in ("failure_timeout", "failover_block"):
        if wrong := problem(key, getattr(options, key)):
            raise UsageError(f"--{key.replace('_', '-')} {wrong}", next="cctrl lab up --help")
    if not options.directory.isprintable():
        raise UsageError("the directory's name has characters that cannot be shown")


@contextlib.contextmanager
def claimed(options: Options) -> Iterator[tuple[Path, bool]]:
    """The lab's directory and whether it was made, its name taken; both given back where the block fails.

    The entry in the list of labs is made in one step, so that a name is taken once."""
    entry = layout.labs_dir() / options.name
    entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = Path(options.directory).expanduser().resolve() if options.directory else entry.resolve()
    try:
        if options.directory:
            entry.symlink_to(directory)
        else:
            entry.mkdir()
    except FileExistsError:
        raise _taken(options.name) from None
    made = not options.directory
    try:
        if options.directory:
            made = _own_directory(directory)
        if made and os.geteuid() == 0:
            directory.chmod(0o711)  # the servers' user passes through
        yield directory, made
    except BaseException:
        if entry.is_symlink():
            entry.unlink()
        for empty in (entry, directory) if made else (entry,):
            with contextlib.suppress(OSError):
                empty.rmdir()
        raise


def _own_directory(directory: Path) -> bool:
    """Make the directory, or use an empty one; true where it was made."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        if not directory.is_dir() or any(directory.iterdir()):
            raise Refused(f"{directory} is not an empty directory", next="give another one with --dir") from None
        return False
    except OSError as error:
        raise Refused(f"cannot make {directory}: {in_words(error)}") from None
    return True


def _taken(name: str) -> CctrlError:
    option = name_option(name)
    with contextlib.suppress(CctrlError):
        if control.is_up(layout.read_plan(layout.find(name))):
            return Refused(f"lab {name} is up already", next=f"cctrl --lab {name}, or cctrl lab down{option}")
    return Refused(
        f"lab {name} is there, but does not run: it is half made or being made, or the machine was restarted",
        next=f"cctrl lab down{option}, then cctrl lab up{option}",
    )


@contextlib.contextmanager
def planned(options: Options, directory: Path, made: bool) -> Iterator[tuple[Plan, dict[str, socket.socket]]]:
    """The plan of a lab, kept in its directory, with the sockets that reserve its ports.

    Network and directories outside are taken back where the block fails. Raises ConfigError, Refused."""
    user, programs = place.run_as(), place.bin_dir(options.postgresql)
    sshd = place.sshd_path() if options.sshd or options.netns else ""
    listeners: dict[str, socket.socket] = {}
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as always:
        hosts_dir, sockets_dir, scratch = _places(options, directory, user, undo)
        bridge = netns.take_bridge() if options.netns else ""
        undo.callback(netns.drop_bridge, bridge)
        where = spread.Where(hosts_dir, sockets_dir, bridge, listeners)
        hosts = spread.hosts(options.kind, options.count, options.spares, where)
        always.callback(_close_all, listeners)
        control_dir = directory if place.fits_socket(directory, "control") else sockets_dir or hosts_dir
        plan = Plan(
            name=options.name, kind=options.kind, service=spread.SERVICES[options.kind],
            directory=str(directory), made_directory=made,
            hosts_dir=str(hosts_dir), scratch=tuple(map(str, scratch)), control=f"{control_dir}/control", run_as=user,
            bin_dir=str(place.reachable_bin_dir(programs, user, hosts_dir)), sshd=sshd,
            ssh_user="root" if sshd and user.switch else user.name, bridge=bridge, hosts=hosts,
            disk=disks.size(options.disk), synchronous=options.synchronous, failure_timeout=options.failure_timeout,
            failover_block=options.failover_block,
        )  # fmt: skip
        layout.write_plan(plan)
        yield plan, listeners
        undo.pop_all()


def _places(
    options: Options, directory: Path, user: RunAs, undo: contextlib.ExitStack
) -> tuple[Path, Path | None, list[Path]]:
    """Where the hosts live, where their sockets lie if not there, and what had to be made outside."""
    scratch: list[Path] = []

    def outside() -> Path:
        scratch.append(place.scratch_dir(user))
        undo.callback(shutil.rmtree, scratch[-1], ignore_errors=True)
        return scratch[-1]

    if place.enterable(directory, user):
        hosts_dir = directory / "hosts"
        hosts_dir.mkdir(mode=0o711)
        undo.callback(shutil.rmtree, hosts_dir, ignore_errors=True)
    else:
        hosts_dir = outside()
    longest = max(spread.host_names(options.kind, options.count, options.spares), key=len)
    fits = place.fits_socket(hosts_dir / longest / "run")
    return hosts_dir, None if fits else outside(), scratch


def _close_all(listeners: dict[str, socket.socket]) -> None:
    for listener in listeners.values():
        listener.close()
