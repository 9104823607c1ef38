"""What a tasks.py binds where its syntax tree does not decide it: found by running it, once for each hash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from runtime.catalog.syntax import BoundTasks
from runtime.catalog.workflow import Code

Probe = Callable[[Path], BoundTasks]


class Deciding:
    """Runs a probe on code that is undecided; without a probe, where nothing may be run, it stays undecided."""

    def __init__(self, probe: Probe | None) -> None:
        self._probe = probe
        self._lock = threading.Lock()
        self._known: dict[tuple[Path, str | None], BoundTasks] = {}

    def decided(self, code: Code | None) -> Code | None:
        """The code with what it truly binds; its `doubt` says why that could not be found out."""
        if code is None or not code.undecided:
            return code
        if self._probe is None:
            said = " ".join(code.problems) or "only running it tells, and nothing is run here."
            return replace(code, problems=(), doubt=said)
        key = (code.path, code.hash)
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._probe(code.path)
        if found.undecided:
            return replace(code, problems=(), doubt=found.doubt)
        return replace(code, tasks=found.kinds, problems=found.problems, undecided=False)
