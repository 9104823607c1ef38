"""Records as they are stored: nothing is judged, and of a run that is gone or damaged what there is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from runtime.model.act import Act, Hold
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.stored import Stored
from runtime.store.ports.store import Store


class StoredRecords:
    """Single records and counts of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def head(self, run_id: str) -> Run | None:
        """A run without its branches; one that cannot be read has the status `damaged`."""
        return self._store.runs.get(run_id)

    def heads(self, run_ids: Iterable[str]) -> list[Run]:
        """The runs that exist, in the order asked."""
        return [run for run_id in run_ids if (run := self._store.runs.get(run_id)) is not None]

    def usable(self, run_id: str) -> Stored | None:
        """A run with all its records; None if it is gone or one of them cannot be read."""
        return next(iter(self._store.runs.load([run_id], skip_damaged=True)), None)

    def history(self, run_id: str) -> list[HistoryEntry]:
        """What happened to a run, oldest first."""
        return self._store.ledger.history(run_id)

    def polls(self, run_id: str, branch_id: str | None = None) -> list[Poll]:
        """The polls of a run or of one branch, oldest first."""
        return self._store.ledger.polls(run_id, branch_id)

    def act(self, act_id: int) -> Act | None:
        """One act; Damaged if it cannot be read."""
        return self._store.acts.get(act_id)

    def acts(self, *, target: str | None = None, limit: int | None = None) -> list[Act]:
        """Acts, newest first."""
        return self._store.acts.newest(target=target, limit=limit)

    def holds(self) -> list[Hold]:
        """Active holds, oldest first."""
        return self._store.holds.all()

    def count(self) -> int:
        """How many runs there are."""
        return self._store.listing.count()

    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        return self._store.listing.counts()

    def due_count(self, now: datetime, limit: int) -> int:
        """How many runs are due, at most `limit`."""
        return len(self._store.due_runs.due(now, limit))
