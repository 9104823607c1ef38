"""When a run whose calls are under way is due for something else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from runtime.model.stored import Stored


def later_wakes(stored: Stored, slots: Collection[tuple[str, str, int, int]]) -> list[datetime]:
    """The moments at which branches without a call under way are due; `slots` are those with one."""
    found: list[datetime] = []
    for branch in stored.branches.values():
        visit = branch.current
        if visit is None:
            continue
        number = visit.attempts[-1].attempt if visit.attempts else 0
        if (branch.id, visit.step_id, visit.visit, number) in slots:
            continue
        found += [at for at in (branch.next_poll_at, branch.retry_at) if at is not None]
        if visit.due_at is not None and not visit.recorded:
            found.append(visit.due_at)
    return found
