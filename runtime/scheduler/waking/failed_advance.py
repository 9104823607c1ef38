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
from runtime.model.stored import Save, Stored
from runtime.safe_text import described
from runtime.store.base import RunStore

log = get_logger(__name__)


def broken(stored: Stored, problem: Exception, now: datetime) -> Advance:
    """An exception of ours becomes a saved failure of the run, never a lost run."""
    message = f"The run could not be advanced: {described(problem).rstrip('.')}. Repair the cause, then retry."
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


def save_all(store: RunStore, saves: Sequence[Save], epoch: int | None) -> tuple[list[str], dict[str, Exception]]:
    """Save a group; gives the ids refused, and what kept those from being written that cannot be written at all.

    If one cannot be written, the others are all the same.
    """
    try:
        return store.save(saves, epoch=epoch), {}
    except StoreUnavailable:
        raise
    except Exception as problem:
        if len(saves) == 1:
            log.exception("wake.not_saved", run=saves[0].run.id)
            return [], {saves[0].run.id: problem}
    refused: list[str] = []
    unwritable: dict[str, Exception] = {}
    for save in saves:
        more, bad = save_all(store, [save], epoch)
        refused += more
        unwritable |= bad
    return refused, unwritable


def save_broken(store: RunStore, before: Stored, problem: Exception, now: datetime, epoch: int | None) -> bool:
    """Save that what a run came to cannot be written; False where not even that can be."""
    save = broken(before, problem, now).save
    assert save is not None
    refused, unwritable = save_all(store, [save], epoch)
    return not refused and not unwritable
