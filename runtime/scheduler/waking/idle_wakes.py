"""Wakes of idle branches: in a run with calls under way, branches without one are due for something else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from runtime.model.stored import Stored
from runtime.scheduler.waking.calls import Slot


class IdleWakes:
    """The next wake of an idle branch, by run; only of runs with calls under way."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}

    def note(self, stored: Stored, slots: Collection[Slot], now: datetime) -> None:
        """Note when a run, as it was saved now, is due besides its calls; `slots` are those under way."""
        later: list[datetime] = []
        if slots and stored.run.next_wake_at is not None:
            later = [at for at in idle_branch_wakes(stored, slots) if at > now]
        if later:
            self._at[stored.run.id] = min(later)
        else:
            self.drop(stored.run.id)

    def due(self, now: datetime) -> list[str]:
        """Runs that are due."""
        return [run_id for run_id, at in self._at.items() if at <= now]

    def next(self) -> datetime | None:
        """When the first of them is due."""
        return min(self._at.values(), default=None)

    def ring(self, now: datetime) -> None:
        """All of them are due: the clock was set."""
        self._at = dict.fromkeys(self._at, now)

    def drop(self, run_id: str) -> None:
        """Drop the wake of a run."""
        self._at.pop(run_id, None)

    def clear(self) -> None:
        """Drop all wakes."""
        self._at.clear()


def idle_branch_wakes(stored: Stored, slots: Collection[Slot]) -> list[datetime]:
    """The moments at which branches without a call under way are due; `slots` are those with one."""
    moments: list[datetime] = []
    for branch in stored.branches.values():
        visit = branch.current
        if visit is None:
            continue
        attempt = visit.attempts[-1].attempt if visit.attempts else 0
        if (branch.id, visit.step_id, visit.visit, attempt) in slots:
            continue
        moments += [at for at in (branch.next_poll_at, branch.retry_at) if at is not None]
        if visit.due_at is not None and not visit.recorded:
            moments.append(visit.due_at)
    return moments
