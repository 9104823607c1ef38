"""Runs as they were saved last, so that a run that is woken again soon need not be read again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from runtime.model.stored import Stored


class RunCache:
    """Runs with all their records by id; those with calls under way always stay."""

    def __init__(self, limit: int) -> None:
        """Keep at most `limit` runs besides those with calls under way."""
        self._limit = limit
        self._runs: OrderedDict[str, Stored] = OrderedDict()

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._runs

    def get(self, run_id: str) -> Stored | None:
        """The run as it was saved or read last; None if it is not in the cache."""
        return self._runs.get(run_id)

    def put(self, stored: Stored) -> None:
        """Keep a run, as the one used last."""
        self._runs[stored.run.id] = stored
        self._runs.move_to_end(stored.run.id)

    def drop(self, run_id: str) -> Stored | None:
        """Drop a run; returns what was kept of it."""
        return self._runs.pop(run_id, None)

    def trim(self, busy: Collection[str]) -> None:
        """Drop the runs that were not used for longest; `busy` ones stay."""
        surplus = len(self._runs) - self._limit - len(busy)
        if surplus > 0:
            for run_id in [run_id for run_id in self._runs if run_id not in busy][:surplus]:
                del self._runs[run_id]

    def clear(self) -> None:
        """Drop all runs."""
        self._runs.clear()
