"""Clients attached to a scheduler that serves them: noticed by locks, so that kill -9 is noticed too."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = "attached"


@contextmanager
def attach(directory: Path) -> Iterator[None]:
    """Be attached to the scheduler of a store as long as the context lasts."""
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
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
