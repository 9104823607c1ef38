"""Reads an SQLite file that may lie where nothing can be written: a disk or a directory that is not ours to change."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

BUSY_SECONDS = 10.0


class ReadOnlyFile:
    """Connects to a file for reading, shared with writers where SQLite can share it.

    SQLite reads a file in WAL mode only beside its shared memory, which it makes where it is missing. Where it may
    not, and nobody writes, the file is read as it stands, and again as soon as somebody wrote to it.
    """

    def __init__(self, name: str) -> None:
        self._path = Path(name).absolute()
        self._seen: tuple[int, int] | None = None
        """When the file was written last, and its size, if it was opened as it stands."""

    def connect(self) -> sqlite3.Connection:
        """Open it; sqlite3.Error if it cannot be read."""
        alone = not os.access(self._path.parent, os.W_OK) and not os.path.exists(f"{self._path}-wal")
        self._seen = self._stamp() if alone else None
        name = self._path.as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        target = f"file:{name}?mode=ro{'&immutable=1' if alone else ''}"
        return sqlite3.connect(target, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)

    def changed(self) -> bool:
        """Whether a file that was opened as it stands is not that any more."""
        if self._seen is None:
            return False
        return os.path.exists(f"{self._path}-wal") or self._stamp() != self._seen

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
