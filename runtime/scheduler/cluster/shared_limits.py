"""Limits per target that hold over all workers: a place for a call is a row in the store, leased in blocks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from runtime.errors import StoreUnavailable
from runtime.scheduler.cluster.target_places import TargetPlaces
from runtime.scheduler.waking.limits import LocalLimits
from runtime.store.postgres.cluster import Cluster

LEASE_SECONDS = 90.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
KEEP_SECONDS = 0.5
"""How long a place stays with a worker that has more calls waiting; then others may have it."""
IDLE_SECONDS = 0.1
"""How long a place stays with a worker that has no call for it: most calls are followed by others at once."""
UNLIMITED = 1_000_000


class SharedLimits:
    """Takes places for calls from the store and gives them back.

    A place is leased for 90 seconds and renewed with the heartbeat. No call starts on a place whose lease could end
    while the call lasts, so that the limit holds even if this worker is cut off from the store.
    """

    def __init__(self, cluster: Cluster, calls_per_target: int, call_seconds: float) -> None:
        """No call lasts longer than `call_seconds`."""
        self._cluster = cluster
        self._calls_per_target = calls_per_target
        self._margin = call_seconds + 5.0
        self._targets: dict[str, TargetPlaces] = {}
        self._renewed_at = time.monotonic()
        self._unlimited = LocalLimits(UNLIMITED)

    def of(self, system: str, target: str) -> AbstractAsyncContextManager[object]:
        """One place of a target; Python code in this process needs none."""
        if system == "local":
            return self._unlimited.of(system, target)
        return self._place(f"{system}:{target}".rstrip(":"))

    @asynccontextmanager
    async def _place(self, name: str) -> AsyncIterator[None]:
        places = self._targets.setdefault(name, TargetPlaces(name))
        places.waiting_calls += 1
        try:
            while not places.free or not self._lease_is_long_enough():
                if not places.is_asking():
                    places.asking = asyncio.ensure_future(self._ask(places))
                places.changed.clear()
                await places.changed.wait()
        finally:
            places.waiting_calls -= 1
        slot = places.free.pop()
        places.used.add(slot)
        try:
            yield
        finally:
            if slot in places.used:
                places.used.discard(slot)
                self._call_ended(places, slot)

    def _lease_is_long_enough(self) -> bool:
        return time.monotonic() - self._renewed_at < LEASE_SECONDS - self._margin

    async def _ask(self, places: TargetPlaces) -> None:
        """Ask for as many places as calls wait, again and again until there is one."""
        pause = FIRST_PAUSE_SECONDS
        while places.waiting_calls and not places.free:
            try:
                if places.store_may_hold_more or pause >= LONGEST_PAUSE_SECONDS or not self._lease_is_long_enough():
                    await self.renew(places)
                    places.store_may_hold_more = False
                taken = await asyncio.to_thread(
                    self._cluster.take_slots, places.name, places.waiting_calls, self._calls_per_target, LEASE_SECONDS
                )
            except StoreUnavailable:
                taken = []
                places.store_may_hold_more = True
            places.add(taken, time.monotonic())
            # Calls may have got places that other calls left meanwhile: what is too much goes back.
            if surplus := {places.free.pop() for _ in range(len(places.free) - places.waiting_calls)}:
                await self._give_back(places, surplus)
            if not taken:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        places.changed.set()

    def _call_ended(self, places: TargetPlaces, slot: int) -> None:
        """Keep the place for the next call for a moment; one that was kept for long goes back."""
        now = time.monotonic()
        if now - places.taken_at.get(slot, 0.0) < KEEP_SECONDS:
            places.free.append(slot)
            places.idle_since[slot] = now
            places.changed.set()
        else:
            places.leaving.add(slot)
        if places.returning is None or places.returning.done():
            places.returning = asyncio.ensure_future(self._return_idle(places))

    async def _return_idle(self, places: TargetPlaces) -> None:
        """Give back together what is leaving and what no call needed."""
        while places.free or places.leaving:
            await asyncio.sleep(IDLE_SECONDS / 2)
            back = places.take_idle(time.monotonic() - IDLE_SECONDS)
            if back:
                await self._give_back(places, back)

    async def _give_back(self, places: TargetPlaces, slots: set[int]) -> None:
        places.giving_back |= slots
        for slot in slots:
            places.taken_at.pop(slot, None)
            places.idle_since.pop(slot, None)
        try:
            await asyncio.to_thread(self._cluster.give_slots, places.name, sorted(slots))
        except StoreUnavailable:
            places.store_may_hold_more = True
        finally:
            places.giving_back -= slots
            places.changed.set()

    async def renew(self, asker: TargetPlaces | None = None) -> None:
        """Renew the leases of all places; raises StoreUnavailable.

        Places that others have by now are dropped, and those the store alone counts as leased by this worker are
        given back: of a target that asks for places only by its `asker`, so that none is given back that was just
        taken.
        """
        before = time.monotonic()
        leased = await asyncio.to_thread(self._cluster.renew_slots, LEASE_SECONDS)
        self._renewed_at = before
        for name, places in self._targets.items():
            still_leased = leased.get(name, set())
            places.free = [slot for slot in places.free if slot in still_leased]
        for name, places in list(self._targets.items()):
            if not places.waiting_calls:
                places.free.clear()
            unknown = leased.get(name, set()) - places.known()
            if unknown and places is asker:
                await self._give_back(places, unknown)
            elif unknown and not places.is_asking():
                places.asking = asyncio.ensure_future(self._give_back(places, unknown))
                await places.asking

    def forget(self) -> None:
        """Drop all places: other workers have them now."""
        for places in self._targets.values():
            places.forget()
