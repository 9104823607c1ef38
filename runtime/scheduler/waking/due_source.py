"""Where the wake loop gets runs from, and to whom it says that it is done with them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from runtime.model.stored import Stored
from runtime.store.base import RunStore


class Source(Protocol):
    """Gives runs that are ours to advance until they are given back."""

    async def due(self, now: datetime, limit: int, exclude: frozenset[str]) -> list[str]:
        """Ids of due runs."""
        ...

    async def done(self, idle: Mapping[str, Stored], elsewhere: Mapping[str, str], busy: Collection[str]) -> None:
        """Runs were moved and saved.

        `idle` have no calls under way, `busy` have; `elsewhere` names the external system of runs whose next call
        must be made by somebody who reaches it.
        """
        ...


class StoreSource:
    """The due runs of a store that is driven by us alone."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    async def due(self, now: datetime, limit: int, exclude: frozenset[str]) -> list[str]:
        """Ask the store."""
        return await asyncio.to_thread(self._store.due, now, limit, exclude)

    async def done(self, idle: Mapping[str, Stored], elsewhere: Mapping[str, str], busy: Collection[str]) -> None:
        """Nothing: nobody else waits for them."""
