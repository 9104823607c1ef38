"""Clients attached to a scheduler that serves them: seen by their locks, so that the end by kill -9 is seen too."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime.store.private import make_private

FOLDER = "attached"
ALONE_SECONDS = 30.0


@contextmanager
def attach(directory: Path) -> Iterator[None]:
    """Be attached to the scheduler of a store as long as the context lasts."""
    folder = directory / FOLDER
    make_private(folder)
    path = folder / f"{os.getpid()}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def attached_count(directory: Path) -> int:
    """How many clients are attached; files of processes that have ended are removed."""
    count = 0
    with suppress(FileNotFoundError):
        for path in (directory / FOLDER).iterdir():
            try:
                handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
            except OSError:
                count += 1
            finally:
                os.close(handle)
    return count


class AttachedClients:
    """The clients that a scheduler or worker serves."""

    def __init__(self, directory: Path, *, attached: bool) -> None:
        """Look for them in this directory; without `attached` it serves nobody in particular."""
        self.attached = attached
        self._directory = directory
        self._alone_since: float | None = None

    def any(self) -> bool:
        """Whether a client is attached now, or none is served in particular."""
        return not self.attached or attached_count(self._directory) > 0

    def all_gone(self) -> bool:
        """Whether no client was attached for half a minute; never where none is served in particular."""
        if self.any():
            self._alone_since = None
            return False
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
        return now - self._alone_since > ALONE_SECONDS
