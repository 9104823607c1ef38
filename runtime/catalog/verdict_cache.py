"""Verdicts that were reached, each as long as its workflow stays as it was read."""

from __future__ import annotations

import threading
from pathlib import Path

from runtime.catalog.verdict import Verdict
from runtime.catalog.workflow import Workflow


class VerdictCache:
    """The last verdict on each flow file; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verdicts: dict[Path, tuple[Workflow, Verdict]] = {}

    def get(self, workflow: Workflow) -> Verdict | None:
        """The verdict on exactly this flow and code; None if there is none."""
        with self._lock:
            examined, verdict = self._verdicts.get(workflow.path, (None, None))
        if examined is None or examined.source is not workflow.source or examined.code != workflow.code:
            return None
        return verdict

    def put(self, workflow: Workflow, verdict: Verdict) -> None:
        """Keep the verdict on a workflow instead of the one before."""
        with self._lock:
            self._verdicts[workflow.path] = (workflow, verdict)

    def clear(self) -> None:
        """Drop all verdicts."""
        with self._lock:
            self._verdicts.clear()
