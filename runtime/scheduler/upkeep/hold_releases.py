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
    """Notices released holds.

    Who releases one wakes its runs too, but may die in between, or miss a run that is saved as held at that moment.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token: int | None = None
        self._known: frozenset[tuple[str, datetime]] | None = None

    def look(self, now: datetime) -> int:
        """Wake runs that stand still though a hold over them was released; gives how many were looked at."""
        token = self._store.changes.token()
        if token == self._token:
            return 0
        released = [h for h in self._store.holds.all(released=True) if h.released_at is not None]
        new = [h for h in released if self._known is None or (h.scope, h.at) not in self._known]
        count = 0
        for page in self._standing() if new else ():
            stopped = [run.id for run in page if any(self._stopped(run, hold) for hold in new)]
            if stopped:
                self._store.due_runs.wake(stopped, now)
            count += len(stopped)
        self._token, self._known = token, frozenset((h.scope, h.at) for h in released)
        return count

    def _standing(self) -> Iterator[list[Run]]:
        """Runs that hold still, a page at a time: work that is held, or a paused run that only waits for events."""
        for where in (RunFilter(held=True), RunFilter(statuses=frozenset({RunStatus.PAUSED}), held=False)):
            numbers = self._store.listing.snapshot(where)
            for first in range(0, len(numbers), PAGE):
                yield [run for run in self._store.listing.rows_at(numbers[first : first + PAGE]) if run is not None]

    def _stopped(self, run: Run, hold: Hold) -> bool:
        # At the first look, what was saved after a release has seen it. Later looks come with the release itself.
        if self._known is None and hold.released_at is not None and run.updated_at > hold.released_at:
            return False
        kind, _, name = hold.scope.partition("=")
        return kind != "run" or name == run.id
