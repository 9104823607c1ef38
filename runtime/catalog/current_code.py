"""The tasks.py of workflows as they are now, read again only when one of their files changed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from runtime.catalog.code_files import Seen, look
from runtime.catalog.workflow import Code, read_code

SETTLING_SECONDS = 1.0
"""How long a file that was good may be unreadable before that counts: it may just be being written."""


@dataclass(slots=True)
class _Known:
    code: Code
    seen: Seen
    unreadable_since: float | None = None
    """Monotonic moment at which a change was first seen that cannot be read."""


class CurrentCode:
    """Keeps the code of each path and reads it again when times of its files change; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, _Known] = {}

    def get(self, path: Path, *, settling: bool = False) -> Code | None:
        """The code at a path as it is now; None if there is no file.

        With `settling` the last good code is returned for a moment while the file cannot be read.
        """
        with self._lock:
            known = self._known.get(path)
            if known is not None and known.unreadable_since is None and known.seen.is_current():
                return known.code
            try:
                seen = look(path)
            except OSError:
                seen = None
            if known is not None and seen is not None and seen.hash == known.code.hash:
                known.seen, known.unreadable_since = seen, None
                return known.code
            code = read_code(path, seen) if seen is not None else None
            if settling and known is not None and (code is None or code.problems) and self._may_settle(known):
                return known.code
            if seen is None or code is None:
                self._known.pop(path, None)
                return None
            self._known[path] = _Known(code, seen)
            return code

    def _may_settle(self, known: _Known) -> bool:
        if known.code.problems:
            return False
        if known.unreadable_since is None:
            known.unreadable_since = time.monotonic()
        return time.monotonic() - known.unreadable_since < SETTLING_SECONDS
