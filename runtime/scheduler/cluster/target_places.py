"""The places for calls to one target that this worker has leased."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


class TargetPlaces:
    """Places are known by the numbers of their slots in the store."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting_calls = 0
        """Number of calls that wait for a place."""
        self.free: list[int] = []
        self.used: set[int] = set()
        """Places with a call."""
        self.leaving: set[int] = set()
        """Places that are given back together soon."""
        self.giving_back: set[int] = set()
        """Places whose return is being stored."""
        self.store_may_hold_more = False
        """The store did not answer: it may count places as leased by this worker that it does not know of."""
        self.taken_at: dict[int, float] = {}
        """Monotonic moment at which each place was taken."""
        self.idle_since: dict[int, float] = {}
        """Monotonic moment at which the last call on each free place ended."""
        self.changed = asyncio.Event()
        self.asking: asyncio.Task[None] | None = None
        self.returning: asyncio.Task[None] | None = None

    def is_asking(self) -> bool:
        """Whether the store is being asked for places."""
        return self.asking is not None and not self.asking.done()

    def add(self, slots: Sequence[int], now: float) -> None:
        """Places were taken at this monotonic moment."""
        self.free += slots
        self.taken_at |= dict.fromkeys(slots, now)
        self.idle_since |= dict.fromkeys(slots, now)

    def take_idle(self, before: float) -> set[int]:
        """Take the places that are leaving, and those without a call since before a monotonic moment."""
        idle = {slot for slot in self.free if self.idle_since.get(slot, 0.0) <= before}
        self.free = [slot for slot in self.free if slot not in idle]
        taken = idle | self.leaving
        self.leaving = set()
        return taken

    def known(self) -> set[int]:
        """All places this worker knows to be leased by it."""
        return self.used | self.leaving | self.giving_back | set(self.free)

    def forget(self) -> None:
        """Drop all places; calls that wait ask again."""
        self.free.clear()
        self.used.clear()
        self.leaving.clear()
        self.changed.set()
