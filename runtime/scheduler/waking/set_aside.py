"""Runs that can be neither moved nor given up now, or had their share: looked at again after a while, never before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from runtime.engine.apply import Observed

RECHECK = timedelta(seconds=60)


class RunsSetAside:
    """Runs set aside until a moment, with the results of their calls that could not be saved."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._results: dict[str, list[Observed]] = {}

    @property
    def runs(self) -> frozenset[str]:
        """Ids of the runs that are set aside."""
        return frozenset(self._until)

    def put(self, run_id: str, now: datetime, results: Sequence[Observed] = (), *, wait: timedelta = RECHECK) -> None:
        """Set a run aside for so long, at most a minute."""
        self._until[run_id] = now + min(wait, RECHECK)
        self._results.setdefault(run_id, []).extend(results)

    def take_due(self, now: datetime) -> dict[str, list[Observed]]:
        """Take the runs whose time has come, with their results."""
        # A moment further away than the longest wait was set by a clock that has been set back since.
        due = [run_id for run_id, until in self._until.items() if not now < until <= now + RECHECK]
        return {run_id: self._results.pop(run_id, []) for run_id in due if self._until.pop(run_id)}

    def next(self) -> datetime | None:
        """When the first of them is looked at again."""
        return min(self._until.values(), default=None)

    def clear(self) -> None:
        """Drop all of them."""
        self._until.clear()
        self._results.clear()
