"""The stored document of a run, and which of its keys are columns beside it."""

from __future__ import annotations

from typing import Any

from runtime.model.codec import to_document
from runtime.model.run import Run

RUN_COLUMNS = ("status", "workflow", "revision", "attention", "held", "wake_ts", "created_ts", "updated_ts")


def run_document(run: Run) -> dict[str, Any]:
    """The document of a run; moments that are ordered stand in it as seconds too."""
    document = to_document(run)
    document["wake_ts"] = run.next_wake_at.timestamp() if run.next_wake_at else None
    document["created_ts"] = run.created_at.timestamp()
    document["updated_ts"] = run.updated_at.timestamp()
    return document
