"""Bounds per target that hold over all workers: places are rows in the store, leased in blocks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from runtime.errors import StoreUnavailable
from runtime.scheduler.waking.limits import LocalLimits
from runtime.store.postgres.cluster import Cluster

LEASE_SECONDS = 90.0
ASK_SECONDS = 0.1
LONGEST_PAUSE = 1.0
KEEP_SECONDS = 0.5
"""How long a place stays with a worker that has more calls waiting; then others may have it."""
IDLE_SECONDS = 0.1
"""How long a place stays with a worker that has no call for it: most calls are followed by others at once."""


class _Target:
    """The places of one target that are ours now."""

    def __init__(self) -> None:
        self.free: list[int] = []
        self.used: set[int] = set()
        self.leaving: set[int] = set()
        self.giving: set[int] = set()
        self.unsure = False
        """The store did not answer: it may believe that places are ours which we do not know of."""
        self.wanted = 0
        self.changed = asyncio.Event()
        self.asking: asyncio.Task[None] | None = None
        self.returning: asyncio.Task[None] | None = None
        self.since: dict[int, float] = {}
        """When we took a place."""
        self.idle: dict[int, float] = {}
        """When the last call on a free place ended."""


class SharedLimits:
    """Places for calls, taken from and given back to the store.

    A place is ours for 90 seconds and renewed with the heartbeat. No call starts on one that could end while the
    call lasts, so that a worker that was cut off never makes the bound be passed.
    """

    def __init__(self, cluster: Cluster, bound: int, call_seconds: float) -> None:
        self._cluster = cluster
        self._bound = bound
        self._margin = call_seconds + 5.0
        self._targets: dict[str, _Target] = {}
        self._renewed_at = time.monotonic()
        self._unbound = LocalLimits(1_000_000)

    def of(self, system: str, target: str) -> AbstractAsyncContextManager[object]:
        """One place of a target; Python code in this process needs none."""
        if system == "local":
            return self._unbound.of(system, target)
        return self._place(f"{system}:{target}".rstrip(":"))

    @asynccontextmanager
    async def _place(self, name: str) -> AsyncIterator[None]:
        one = self._targets.setdefault(name, _Target())
        one.wanted += 1
        try:
            while not one.free or not self._safe():
                if one.asking is None or one.asking.done():
                    one.asking = asyncio.ensure_future(self._ask(name, one))
                one.changed.clear()
                await one.changed.wait()
        finally:
            one.wanted -= 1
        slot = one.free.pop()
        one.used.add(slot)
        try:
            yield
        finally:
            if slot in one.used:
                one.used.discard(slot)
                self._used(name, one, slot)

    def _safe(self) -> bool:
        return time.monotonic() - self._renewed_at < LEASE_SECONDS - self._margin

    async def _ask(self, name: str, one: _Target) -> None:
        """Ask for as many places as calls wait, again and again until there is one."""
        pause = ASK_SECONDS
        while one.wanted and not one.free:
            try:
                if one.unsure or pause >= LONGEST_PAUSE or not self._safe():
                    await self.renew(one)
                    one.unsure = False
                got = await asyncio.to_thread(self._cluster.take_slots, name, one.wanted, self._bound, LEASE_SECONDS)
            except StoreUnavailable:
                got, one.unsure = [], True
            now = time.monotonic()
            one.free += got
            one.since |= dict.fromkeys(got, now)
            one.idle |= dict.fromkeys(got, now)
            # Calls may have got places that others left meanwhile: what is too much goes back.
            if surplus := {one.free.pop() for _ in range(len(one.free) - one.wanted)}:
                await self._give(name, one, surplus)
            if not got:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)
        one.changed.set()

    def _used(self, name: str, one: _Target, slot: int) -> None:
        """Keep a place for the next call for a moment; what was ours for long, or is not needed, goes back together."""
        now = time.monotonic()
        if now - one.since.get(slot, 0.0) < KEEP_SECONDS:
            one.free.append(slot)
            one.idle[slot] = now
            one.changed.set()
        else:
            one.leaving.add(slot)
        if one.returning is None or one.returning.done():
            one.returning = asyncio.ensure_future(self._return(name, one))

    async def _return(self, name: str, one: _Target) -> None:
        while one.free or one.leaving:
            await asyncio.sleep(IDLE_SECONDS / 2)
            long_ago = time.monotonic() - IDLE_SECONDS
            idle = {slot for slot in one.free if one.idle.get(slot, 0.0) <= long_ago}
            one.free = [slot for slot in one.free if slot not in idle]
            back, one.leaving = idle | one.leaving, set()
            if back:
                await self._give(name, one, back)

    async def _give(self, name: str, one: _Target, slots: set[int]) -> None:
        one.giving |= slots
        for slot in slots:
            one.since.pop(slot, None)
            one.idle.pop(slot, None)
        try:
            await asyncio.to_thread(self._cluster.give_slots, name, sorted(slots))
        except StoreUnavailable:
            one.unsure = True
        finally:
            one.giving -= slots
            one.changed.set()

    async def renew(self, asker: _Target | None = None) -> None:
        """Keep our places; forget those that others have, and give back those the store alone believes to be ours.

        Only who asks for places of a target gives such ones back, so that none is given that was just taken.
        """
        before = time.monotonic()
        ours = await asyncio.to_thread(self._cluster.renew_slots, LEASE_SECONDS)
        self._renewed_at = before
        for name, one in self._targets.items():
            kept = ours.get(name, set())
            one.free = [slot for slot in one.free if slot in kept]
        for name, one in list(self._targets.items()):
            if not one.wanted:
                one.free.clear()
            left = ours.get(name, set()) - set(one.free) - one.used - one.leaving - one.giving
            if left and one is asker:
                await self._give(name, one, left)
            elif left and (one.asking is None or one.asking.done()):
                one.asking = asyncio.ensure_future(self._give(name, one, left))
                await one.asking

    def forget(self) -> None:
        """Drop all places: others have them now."""
        for one in self._targets.values():
            one.free.clear()
            one.used.clear()
            one.leaving.clear()
            one.changed.set()
