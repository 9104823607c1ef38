"""Wakes what a released hold had stopped, whatever became of the operator who released it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runtime.model.act import Hold
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.store.ports.store import Store

PAGE = 500


class HoldReleases:
    """Looks for holds that were released since the last look.

    The operator's command that releases a hold wakes its runs too, but it may be killed in between, or miss a run
    that is saved as held at that moment.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token: int | None = None
        self._seen: frozenset[tuple[str, datetime]] | None = None
        """Scope and moment of the released holds at the last look; None before the first."""

    def look(self, now: datetime) -> int:
        """Wake runs that stand still though a hold over them was released; returns how many were woken."""
        token = self._store.changes.token()
        if token == self._token:
            return 0
        released = [hold for hold in self._store.holds.all(released=True) if hold.released_at is not None]
        new = [hold for hold in released if self._seen is None or (hold.scope, hold.at) not in self._seen]
        count = 0
        for page in self._standing_runs() if new else ():
            stopped = [run.id for run in page if any(self._may_be_stopped(run, hold) for hold in new)]
            if stopped:
                self._store.due_runs.wake(stopped, now)
            count += len(stopped)
        self._token = token
        self._seen = frozenset((hold.scope, hold.at) for hold in released)
        return count

    def _standing_runs(self) -> Iterator[list[Run]]:
        """Runs that stand still, a page at a time: those with held work, and paused ones that only wait for events."""
        for where in (RunFilter(held=True), RunFilter(statuses=frozenset({RunStatus.PAUSED}), held=False)):
            numbers = self._store.listing.snapshot(where)
            for first in range(0, len(numbers), PAGE):
                yield [run for run in self._store.listing.rows_at(numbers[first : first + PAGE]) if run is not None]

    def _may_be_stopped(self, run: Run, hold: Hold) -> bool:
        # At the first look a run that was saved after the release has seen it. At later looks the release is new, and
        # a save that ended after it may have begun before.
        if self._seen is None and hold.released_at is not None and run.updated_at > hold.released_at:
            return False
        kind, _, name = hold.scope.partition("=")
        return kind != "run" or name == run.id
