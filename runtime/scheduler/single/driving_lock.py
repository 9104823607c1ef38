"""The right to drive an embedded store: an OS lock beside it, gone with the process however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK_FILE = "scheduler.lock"


class DrivingRight:
    """Held by at most one process; not inherited by children."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOCK_FILE
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Take the right if nobody has it; True while it is ours."""
        if self._handle is not None:
            return True
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle
        return True

    def release(self) -> None:
        """Give the right back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
