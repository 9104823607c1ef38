"""A store that is removed when the program that made it ends, however it ends.

A small process watches over it: the end of the program, by whatever signal, closes a pipe; then the scheduler that
still works on the store is stopped, and the directory is removed. It is started by file with `python -I -S`, so that
it needs nothing but the standard library.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LOCK_FILE = "scheduler.lock"
STOP_SECONDS = 8.0
"""How long a scheduler has to stop before it is killed."""
REMOVE_SECONDS = 20.0


@contextmanager
def temporary_store(prefix: str) -> Iterator[str]:
    """A directory for a store, removed when the context, or the program, ends; OSError if none can be made."""
    directory = tempfile.mkdtemp(prefix=prefix)
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", os.path.abspath(__file__), directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield directory
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            watcher.wait(REMOVE_SECONDS)


def watch(directory: str) -> None:
    """Wait for the end of the program, then stop the scheduler of the store in a directory, and remove it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        while os.read(0, 1_024):
            pass
    stop_driver(directory)
    for _ in range(50):
        # Jobs that still run may write into it while it is removed.
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.exists(directory):
            return
        time.sleep(0.1)


def stop_driver(directory: str) -> None:
    """Stop the scheduler of a store, and keep its lock, so that no other drives it while this process lives."""
    path = os.path.join(directory, LOCK_FILE)
    began = time.monotonic()
    signalled: set[int] = set()
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while time.monotonic() - began < 2 * STOP_SECONDS:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                pid = int(os.pread(handle, 20, 0).strip() or b"0")
            late = time.monotonic() - began > STOP_SECONDS
            if pid > 1 and (late or pid not in signalled):
                signalled.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
            time.sleep(0.05)


if __name__ == "__main__":
    watch(sys.argv[1])
