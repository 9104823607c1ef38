"""What becomes of a run when our own code fails on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from runtime.engine.advance import Advance
from runtime.errors import StoreUnavailable
from runtime.logs import get_logger
from runtime.model.branch import Failure
from runtime.model.run import HistoryEntry
from runtime.model.status import RunStatus
from runtime.store.base import RunStore, Save, Stored

log = get_logger(__name__)


def broken(stored: Stored, problem: Exception, now: datetime) -> Advance:
    """An exception of ours becomes a saved failure of the run, never a lost run."""
    message = f"The run could not be advanced: {type(problem).__name__}: {problem}. Repair the cause, then retry."
    failure = Failure("EngineError", message[:2_000], now)
    run = dataclasses.replace(
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


def save_all(store: RunStore, saves: Sequence[Save], epoch: int | None) -> list[str]:
    """Save a group; ids refused come back. If one cannot be written, the others are all the same."""
    try:
        return store.save(saves, epoch=epoch)
    except StoreUnavailable:
        raise
    except Exception:
        if len(saves) > 1:
            return [run_id for save in saves for run_id in save_all(store, [save], epoch)]
        log.exception("wake.not_saved", run=saves[0].run.id)
        return [saves[0].run.id]
