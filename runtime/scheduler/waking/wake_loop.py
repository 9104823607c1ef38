"""Moves due runs: in short turns, intents saved before calls, results committed in groups as they arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runtime.clock import Clock
from runtime.engine.advance import Advance
from runtime.engine.crash_points import crash_point
from runtime.engine.plan import GO_ON
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.bounds import (
    BATCH,
    CACHED_RUNS,
    DOUBTFUL_SECONDS,
    DRAIN_SECONDS,
    MOST_BUSY,
    MOST_CALLS,
    MOST_REPEATS,
    TURN_SECONDS,
    YIELD_SECONDS,
)
from runtime.scheduler.waking.calls import Calls, Results
from runtime.scheduler.waking.clock_watch import ClockWatch
from runtime.scheduler.waking.due_source import DueSource, StoreSource
from runtime.scheduler.waking.group_save import save_failure, save_group
from runtime.scheduler.waking.group_size import GroupSize
from runtime.scheduler.waking.hold_cache import HoldCache
from runtime.scheduler.waking.idle_wakes import IdleWakes
from runtime.scheduler.waking.load_runs import RunLoader
from runtime.scheduler.waking.run_cache import RunCache
from runtime.scheduler.waking.set_aside import RunsSetAside
from runtime.scheduler.waking.wake_counters import WakeCounters
from runtime.store.ports.store import Store


@dataclass(slots=True)
class _Group:
    """Runs advanced together."""

    steps: dict[str, Advance] = field(default_factory=dict)
    """The next step of each run; those that cannot be written are taken out when the group is saved."""
    unchanged: list[str] = field(default_factory=list)
    """Due runs for which there was nothing to do: what is cached of them may be out of date."""
    shares: dict[str, float] = field(default_factory=dict)
    """Seconds it took to move runs by as many steps as one wake may, which are due again at once."""
    conflicts: list[str] = field(default_factory=list)
    """Runs that were saved by somebody else first."""


class WakeLoop:
    """Advances due runs of one store, with any number of calls under way."""

    def __init__(
        self,
        store: Store,
        advancer: Advancer,
        calls: Calls,
        clock: Clock,
        *,
        source: DueSource | None = None,
        clock_watch: ClockWatch | None = None,
        batch: int = BATCH,
        cached_runs: int = CACHED_RUNS,
    ) -> None:
        """`source` gives due runs, by default the store; `clock_watch` notices that the wall clock was set.

        At most `batch` due runs are moved in one group, fewer where that would take long; `cached_runs` are kept in
        memory besides busy ones.
        """
        self.advancer = advancer
        self.calls = calls
        self.counters = WakeCounters()
        self.is_behind = False
        """The last turn left runs that were due, or results, to the next."""
        self.epoch: int | None = None
        """Sent with every save, so that the store refuses those of a process that may drive it no more."""
        self._store = store
        self._clock = clock
        self._clock_watch = clock_watch
        self._source = source or StoreSource(store.due_runs)
        self._size = GroupSize(batch)
        self._loader = RunLoader(store.runs, advancer.program_of)
        self._cache = RunCache(cached_runs)
        self._holds = HoldCache(store)
        self._idle_wakes = IdleWakes()
        self._set_aside = RunsSetAside()
        self._elsewhere: dict[str, str] = {}
        """The external system of runs whose next call must be made by another worker."""
        self._moving: frozenset[str] = frozenset()
        self._takeovers = 0
        self._ending = False

    @property
    def in_flight(self) -> int:
        """Number of calls under way and results not yet saved."""
        return self.calls.in_flight

    @property
    def busy_runs(self) -> frozenset[str]:
        """Runs with calls under way, being moved after a call, or set aside: the store need not offer them."""
        return self._moving.union(self.calls.busy_runs, self._set_aside.runs)

    @property
    def is_full(self) -> bool:
        """Whether as much is under way as may be: only results make room."""
        return self.in_flight >= MOST_CALLS or len(self.busy_runs) >= MOST_BUSY

    def next_wake(self) -> datetime | None:
        """When a busy run is due for something besides its calls, or one that was set aside is looked at again."""
        moments = (self._idle_wakes.next(), self._set_aside.next())
        return min((at for at in moments if at is not None), default=None)

    async def turn(self) -> int:
        """One turn: results that arrived and due runs, oldest first; returns how many runs were moved.

        After a turn that has not moved all of them within its time, `is_behind` is true and another should follow.

        Raises:
            StoreUnavailable: What was not saved is tried again in the next turn.
            LostRight: Another process drives the store now.
        """
        self.calls.result_arrived.clear()
        began, moved = time.perf_counter(), 0
        while True:
            size = self._size.runs
            count = await self._move_due(size)
            moved += count
            self.is_behind = count >= size or self.calls.has_results
            if not self.is_behind or time.perf_counter() - began >= TURN_SECONDS:
                break
        if self.calls.has_results:
            self.calls.result_arrived.set()
        return moved

    def recheck_damaged(self) -> int:
        """Let runs go on that were damaged and can be read by now; returns how many."""
        return self._loader.recheck_damaged()

    async def drain(self, timeout: float = DRAIN_SECONDS) -> None:
        """Finish the calls under way and save their results; nothing new is begun.

        At most `timeout` seconds are waited, and `DOUBTFUL_SECONDS` for a start that cannot be repeated safely.
        """
        self._ending = True
        await self.calls.finish(timeout, max(timeout, DOUBTFUL_SECONDS))
        while self.calls.has_results:
            await self._move_due(self._size.runs, results_only=True)

    def forget(self) -> None:
        """Drop all runs and all calls under way: others have taken over."""
        self._takeovers += 1
        self.calls.forget()
        self._cache.clear()
        self._idle_wakes.clear()
        self._elsewhere.clear()
        self._set_aside.clear()

    async def _move_due(self, size: int, *, results_only: bool = False) -> int:
        """Move a group of at most `size` runs with results and `size` due ones; returns how many were moved."""
        if self._clock_watch is not None and self._clock_watch.look():
            await asyncio.to_thread(self._clock_watch.take)
            self._idle_wakes.ring(self._clock.now())
        now = self._clock.now()
        await asyncio.to_thread(self._holds.read)
        self.calls.put_back(self._set_aside.take_due(now))
        results = self.calls.take_results(size)
        ids = list(results)
        if not results_only:
            ids += [run_id for run_id in self._idle_wakes.due(now) if run_id not in results]
        # Between the end of a call and its save the run is not busy; no other worker may get it meanwhile.
        self._moving = frozenset(ids)
        try:
            return await self._move_group(ids, results, now, 0 if results_only else size)
        finally:
            self._moving = frozenset()

    async def _move_group(self, ids: list[str], results: Results, now: datetime, due: int) -> int:
        with self.calls.put_back_on_error(results):
            self.calls.end(results)
            for run_id in results:
                if run_id not in self.calls.busy_runs:
                    self._idle_wakes.drop(run_id)
            if not self.is_full:
                busy = self.busy_runs.union(ids)
                ids += await self._source.due(now, min(due, max(1, MOST_BUSY - len(busy))), busy)
            if not ids:
                return 0
            crash_point("wake.claimed")
            await self._load([run_id for run_id in ids if run_id not in self._cache])
        await self._move(ids, results)
        cached = {run_id: stored for run_id in ids if (stored := self._cache.get(run_id)) is not None}
        held = [run_id for run_id, stored in cached.items() if stored.run.stands_still]
        if held:
            await asyncio.to_thread(self._holds.recheck, held, self._clock.now())
        idle = {run_id: stored for run_id, stored in cached.items() if run_id not in self.calls.busy_runs}
        elsewhere = {run_id: self._elsewhere.pop(run_id) for run_id in idle if run_id in self._elsewhere}
        await self._source.moved(idle, elsewhere, [run_id for run_id in ids if run_id not in idle])
        self._cache.trim(self.calls.busy_runs)
        return len(ids)

    async def _load(self, ids: Sequence[str]) -> None:
        if ids:
            for stored in await asyncio.to_thread(self._loader.load, ids):
                self._cache.put(stored)

    async def _move(self, ids: Sequence[str], results: Results, repeats: int = 0) -> None:
        """Advance runs and save them in one group; a run somebody else saved first is read again and repeated."""
        takeovers = self._takeovers
        with self.calls.put_back_on_error(results):
            group = await self._advance_group(ids, results, repeated=repeats > 0)
            await self._save_group(group, results)
        if takeovers != self._takeovers:
            return  # Others have these runs now, and make the calls.
        again = [*group.conflicts, *group.unchanged]
        for run_id, step in group.steps.items():
            if run_id not in again:
                self._accept(run_id, step)
                if run_id in group.shares:
                    wait = timedelta(seconds=group.shares[run_id])
                    self._set_aside.put(run_id, self._clock.now(), wait=wait)  # As long as others waited for it.
        for run_id in again:
            self._cache.drop(run_id)
        left = {run_id: results[run_id] for run_id in again if run_id in results}
        if again and repeats < MOST_REPEATS:
            with self.calls.put_back_on_error(left):
                await self._load(again)
            await self._move(again, left, repeats + 1)
        else:
            self.calls.put_back(left)

    async def _advance_group(self, ids: Sequence[str], results: Results, *, repeated: bool) -> _Group:
        group, spent, since = _Group(), 0.0, time.perf_counter()
        for run_id in ids:
            if (took := time.perf_counter() - since) >= YIELD_SECONDS:
                spent += took
                await asyncio.sleep(0)
                since = time.perf_counter()
            stored = self._cache.get(run_id)
            if stored is None:
                continue
            slots = self.calls.slots(run_id)
            planned_for = None if self._ending else slots
            began = time.perf_counter()
            step = self.advancer.advance(stored, results.get(run_id, ()), planned_for, self._holds.holds)
            group.steps[run_id] = step
            if step.stored.run.wake_reason == GO_ON:
                group.shares[run_id] = time.perf_counter() - began
            if step.save is None and not step.actions and not slots:
                if not repeated:
                    group.unchanged.append(run_id)
                elif run_id not in results:
                    self._set_aside.put(run_id, self._clock.now())  # Due, and nothing to do: not at once again.
        self._size.took(len(ids), spent + time.perf_counter() - since)
        return group

    async def _save_group(self, group: _Group, results: Results) -> None:
        saves = [step.save for step in group.steps.values() if step.save is not None]
        if not saves:
            return
        crash_point("intent.before_save")
        if results:
            crash_point("outcome.before_save")
        saved = await asyncio.to_thread(save_group, self._store.runs, saves, self.epoch)
        group.conflicts += saved.conflicts
        self.counters.saved(len(saves), len(saved.conflicts))
        crash_point("intent.after_save")
        if results:
            crash_point("outcome.after_save")
        for run_id, problem in saved.unwritable.items():
            del group.steps[run_id]
            before = self._cache.drop(run_id)
            assert before is not None
            now = self._clock.now()
            if not await asyncio.to_thread(save_failure, self._store.runs, before, problem, now, self.epoch):
                self._set_aside.put(run_id, now, results.get(run_id, ()))

    def _accept(self, run_id: str, step: Advance) -> None:
        """A step is saved: keep the run, and make its calls."""
        self.counters.wakes += 1
        self._cache.put(step.stored)
        draft = step.draft
        if draft is None:
            return
        due = draft.run.next_wake_at
        if due is not None and due <= draft.now and run_id not in self.calls.busy_runs:
            self.counters.late((draft.now - due).total_seconds())
        for action in step.actions:
            if not self.advancer.reaches(action.system):
                self._elsewhere[run_id] = action.system
            elif not self.calls.put_off(run_id, action):
                self.calls.begin(run_id, action, draft)
        self._idle_wakes.note(step.stored, self.calls.slots(run_id), draft.now)
