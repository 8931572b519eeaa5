"""`zygote.py FD`: a process that has imported cctrl and becomes it, in a fork, as often as the socket FD says so.

What a command costs is mostly its interpreter's start and its imports: here they are paid once. The fork is a process
like any other, with arguments, environment, directory and files of its own. See `tests.forks` for who asks.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import threading
import time
from typing import NoReturn

FILES = 4  # descriptors that come with a question: stdin, stdout, stderr, and where the exit status goes
STATUS = struct.Struct("i")
_LONGEST = 1 << 20


def main(descriptor: int) -> dict[str, object]:
    """Serve until the other end is closed, and end there; returns in each fork, with what it is to be."""
    _import_all()
    gc.freeze()  # a collection in a fork would copy every page
    asked = socket.socket(fileno=descriptor)
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the forks, whose end is still to be told
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([descriptor, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(running)
        if descriptor not in ready:
            continue
        text, files, _, _ = socket.recv_fds(asked, _LONGEST, FILES)
        if not text:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            _become(files)
            return dict(json.loads(text))
        running[pid] = files.pop()
        for file in files:
            os.close(file)
        asked.send(STATUS.pack(pid))


def _import_all() -> None:
    import cctrl

    for module in pkgutil.walk_packages(cctrl.__path__, "cctrl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _reap(running: dict[int, int]) -> None:
    """Tell how the forks ended that have."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        where = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it
            os.write(where, STATUS.pack(os.waitstatus_to_exitcode(status)))
        os.close(where)


def _become(files: list[int]) -> None:
    """Take on the files of the command, below the interpreter's own, and give back all that is the zygote's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files[: FILES - 1]):
        os.dup2(file, number)
    os.closerange(3, 1024)


def run(wanted: dict[str, object]) -> NoReturn:
    """Be `cctrl`, as the question says."""
    argv, environ = wanted["argv"], wanted["env"]
    assert isinstance(argv, list)
    assert isinstance(environ, dict)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(str(wanted["cwd"]))
    time.tzset()
    sys.argv = argv
    from cctrl.cli import main as cctrl

    status = cctrl()
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # without taking all the imported apart


if __name__ == "__main__":
    run(main(int(sys.argv[1])))
