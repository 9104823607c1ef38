"""A run on which our own code raised an exception: it is saved as failed, never lost."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from runtime.engine.advance import Advance
from runtime.model.branch import Failure
from runtime.model.run import HistoryEntry
from runtime.model.status import RunStatus
from runtime.model.stored import Save, Stored
from runtime.safe_text import described


def failed_advance(stored: Stored, problem: Exception, now: datetime) -> Advance:
    """The step that fails a run because of an exception of our own code."""
    message = f"The run could not be advanced: {described(problem).rstrip('.')}. Repair the cause, then retry."
    failure = Failure("EngineError", message[:2_000], now)
    run = replace(
        stored.run,
        status=RunStatus.FAILED,
        failure=failure,
        next_wake_at=None,
        ended_at=now,
        updated_at=now,
        revision=stored.run.revision + 1,
        attention=0,
        why=message[:300],
        lease_owner=None,
        lease_until=None,
    )
    entry = HistoryEntry(now, "failed", message)
    save = Save(run, stored.run.revision, history=(entry,))
    return Advance(Stored(run, stored.branches, stored.firings), save, (), None)
