"""Programs that were built, so that runs of one flow and code share one."""

from __future__ import annotations

import threading
from collections import OrderedDict

from runtime.flow.program import Program

PROGRAMS = 256
ProgramKey = tuple[str, str, bool, tuple[str, str | None] | None]
"""Hash of the flow, workflow, whether it is simulated, path and hash of the task code."""


class ProgramCache:
    """The programs used last; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programs: OrderedDict[ProgramKey, Program] = OrderedDict()

    def get(self, key: ProgramKey) -> Program | None:
        """The program, which then counts as used; None if it is not in the cache."""
        with self._lock:
            if key in self._programs:
                self._programs.move_to_end(key)
            return self._programs.get(key)

    def put(self, key: ProgramKey, program: Program) -> None:
        """Keep a program, and drop the one that was not used for longest."""
        with self._lock:
            self._programs[key] = program
            while len(self._programs) > PROGRAMS:
                self._programs.popitem(last=False)

    def clear(self) -> None:
        """Drop all programs."""
        with self._lock:
            self._programs.clear()
