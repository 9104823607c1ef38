"""Saves a group of runs in one transaction; one that cannot be written keeps no other from being saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from runtime.errors import StoreUnavailable
from runtime.logs import get_logger
from runtime.model.stored import Save, Stored
from runtime.scheduler.waking.failed_advance import failed_advance
from runtime.store.ports.runs import Runs

log = get_logger(__name__)


@dataclass(slots=True)
class GroupResult:
    """What became of the saves of a group that were not written."""

    conflicts: list[str] = field(default_factory=list)
    """Runs that were saved by somebody else first."""
    unwritable: dict[str, Exception] = field(default_factory=dict)
    """What kept runs from being written that cannot be written at all."""


def save_group(runs: Runs, saves: Sequence[Save], epoch: int | None) -> GroupResult:
    """Save a group, one by one if it cannot be written together; raises StoreUnavailable."""
    try:
        return GroupResult(conflicts=runs.save(saves, epoch=epoch))
    except StoreUnavailable:
        raise
    except Exception as problem:
        if len(saves) == 1:
            log.exception("wake.not_saved", run=saves[0].run.id)
            return GroupResult(unwritable={saves[0].run.id: problem})
    result = GroupResult()
    for save in saves:
        single = save_group(runs, [save], epoch)
        result.conflicts += single.conflicts
        result.unwritable |= single.unwritable
    return result


def save_failure(runs: Runs, before: Stored, problem: Exception, now: datetime, epoch: int | None) -> bool:
    """Save that a run failed because its step cannot be written; False where not even that can be."""
    save = failed_advance(before, problem, now).save
    assert save is not None
    result = save_group(runs, [save], epoch)
    return not result.conflicts and not result.unwritable
