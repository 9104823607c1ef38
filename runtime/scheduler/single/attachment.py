"""Clients attached to a scheduler that serves them: noticed by locks, so that kill -9 is noticed too."""

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
    """How many clients are attached; files of dead ones are removed."""
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


class LeftAlone:
    """Whether a scheduler that serves attached clients has had none for half a minute."""

    def __init__(self, directory: Path, *, attached: bool) -> None:
        """Look in this directory; one that serves nobody in particular (not `attached`) is never left alone."""
        self._directory = directory
        self.attached = attached
        self._since: float | None = None

    def __call__(self) -> bool:
        """Look now."""
        if not self.attached or attached_count(self._directory):
            self._since = None
            return False
        self._since = self._since or time.monotonic()
        return time.monotonic() - self._since > ALONE_SECONDS
