"""Runs that can be neither moved nor given up now: looked at again after a while, and never in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from runtime.engine.apply import Observed

AGAIN = timedelta(seconds=60)


class Aside:
    """Runs set aside until a moment, with the outcomes of their calls that could not be saved."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._outcomes: dict[str, list[Observed]] = {}

    @property
    def runs(self) -> frozenset[str]:
        """Runs that are set aside."""
        return frozenset(self._until)

    def put(self, run_id: str, now: datetime, seen: Sequence[Observed] = ()) -> None:
        """Set a run aside."""
        self._until[run_id] = now + AGAIN
        self._outcomes.setdefault(run_id, []).extend(seen)

    def back(self, now: datetime) -> dict[str, list[Observed]]:
        """Runs whose time has come, with their outcomes; they are no longer set aside."""
        # A moment further away than the longest wait was told by a clock that has been set back since.
        due = [run_id for run_id, until in self._until.items() if not now < until <= now + AGAIN]
        return {run_id: self._outcomes.pop(run_id, []) for run_id in due if self._until.pop(run_id)}

    def next(self) -> datetime | None:
        """When the first of them is looked at again."""
        return min(self._until.values(), default=None)

    def clear(self) -> None:
        """Forget them all."""
        self._until.clear()
        self._outcomes.clear()
