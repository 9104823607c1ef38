"""The right to drive an embedded store: a lock of the operating system beside it, gone with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK_FILE = "scheduler.lock"


class DrivingLock:
    """Held by at most one process; not inherited by children."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Take the lock unless another process has it; returns whether this process has it now."""
        if self._handle is not None:
            return True
        handle = os.open(self.directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
        """Give the lock back if this process has it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
