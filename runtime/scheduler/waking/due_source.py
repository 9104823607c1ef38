"""Where the wake loop gets due runs from, and who learns that they were moved."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from runtime.model.stored import Stored
from runtime.store.ports.due_runs import DueRuns

NEW_SHARE = 4
"""With more due than can be done, one in so many places is for runs that were never woken: so a new one begins soon."""


class DueSource(Protocol):
    """Gives runs that this process alone may advance until it gives them back."""

    async def due(self, now: datetime, limit: int, exclude: frozenset[str]) -> list[str]:
        """At most `limit` ids of due runs, none of them excluded; raises StoreUnavailable."""
        ...

    async def moved(self, idle: Mapping[str, Stored], elsewhere: Mapping[str, str], busy: Collection[str]) -> None:
        """Runs were moved and saved.

        `idle` ones have no calls under way, `busy` ones have; `elsewhere` names the external system of runs whose
        next call must be made by a worker that reaches it.
        """
        ...


class StoreSource:
    """The due runs of a store that only this process drives."""

    def __init__(self, due_runs: DueRuns) -> None:
        self._due_runs = due_runs

    async def due(self, now: datetime, limit: int, exclude: frozenset[str]) -> list[str]:
        """Ask the store; where more are due than asked for, some that were never woken go before their turn."""
        return await asyncio.to_thread(self._due, now, limit, exclude)

    def _due(self, now: datetime, limit: int, exclude: frozenset[str]) -> list[str]:
        found = self._due_runs.due(now, limit, exclude)
        if len(found) < limit:
            return found
        known = set(found)
        new = self._due_runs.due(now, max(1, limit // NEW_SHARE), exclude, new=True)
        first = [run_id for run_id in new if run_id not in known]
        return [*first, *found[: limit - len(first)]]

    async def moved(self, idle: Mapping[str, Stored], elsewhere: Mapping[str, str], busy: Collection[str]) -> None:
        """Nothing: nobody else waits for them."""
