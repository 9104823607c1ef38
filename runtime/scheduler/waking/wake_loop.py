"""Moves due runs: in batches, intents saved before calls, outcomes committed in groups as they arrive."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from runtime.clock import Clock
from runtime.engine.advance import Advance, advance
from runtime.engine.apply import Observed
from runtime.engine.crash_points import crash_point
from runtime.engine.draft import Draft, Situation
from runtime.engine.explain.lateness import Durations
from runtime.engine.plan import Action
from runtime.errors import StoreUnavailable
from runtime.flow.program import Program
from runtime.logs import get_logger
from runtime.model.act import Act
from runtime.model.run import Run
from runtime.model.stored import Stored
from runtime.scheduler.upkeep.stored_acts import carry_out_due
from runtime.scheduler.waking.call import call_within
from runtime.scheduler.waking.call_results import Outcomes, Slot, kept_for_later, put_back, taken
from runtime.scheduler.waking.due_source import Source, StoreSource
from runtime.scheduler.waking.failed_advance import broken, save_all, save_broken
from runtime.scheduler.waking.hold_cache import KnownHolds
from runtime.scheduler.waking.idle_wakes import later_wakes
from runtime.scheduler.waking.limits import Limits, LocalLimits
from runtime.scheduler.waking.load_runs import look_again, read_runs
from runtime.scheduler.waking.set_aside import Aside
from runtime.store.base import RunStore

log = get_logger(__name__)
KEPT_RUNS = 2_000
LATENESS_KEPT = 512


class WakeLoop:
    """Advances due runs of one store, with any number of calls under way.

    `programs` gives the program of a run and the hash of its code; `perform` makes one call; `carry_out` does
    what a stored act asks.
    """

    def __init__(
        self,
        store: RunStore,
        programs: Callable[[Run], tuple[Program, str | None]],
        perform: Callable[[Action, Draft], Awaitable[Observed]],
        clock: Clock,
        *,
        carry_out: Callable[[Act], None] | None = None,
        durations: Callable[[], Durations] = dict,
        owner: str = "scheduler",
        batch: int = 500,
        calls_per_target: int = 16,
        source: Source | None = None,
        limits: Limits | None = None,
        reaches: Callable[[str], bool] = lambda _: True,
        kept_runs: int = KEPT_RUNS,
    ) -> None:
        self._store = store
        self._programs = programs
        self._perform = perform
        self._clock = clock
        self._carry_out = carry_out
        self._durations = durations
        self._owner = owner
        self._batch = batch
        self._source = source or StoreSource(store)
        self._limits = limits or LocalLimits(calls_per_target)
        self._reaches = reaches
        self._kept_runs = kept_runs
        self._elsewhere: dict[str, str] = {}
        self._kept: OrderedDict[str, Stored] = OrderedDict()
        self._busy: dict[str, set[Slot]] = {}
        self._again: dict[str, datetime] = {}
        """Busy runs that are due for something besides their calls."""
        self._outcomes: Outcomes = deque()
        self._aside = Aside()
        self._moving: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds = KnownHolds(store)
        self.epoch: int | None = None
        self.wait_progress = asyncio.Event()
        self._forgotten = 0
        self.wakes = self.saves = self.conflicts = 0
        self.lateness: deque[float] = deque(maxlen=LATENESS_KEPT)
        self.on_late: Callable[[float], None] = lambda _: None

    @property
    def in_flight(self) -> int:
        """Calls under way and outcomes not yet saved."""
        return len(self._tasks) + len(self._outcomes)

    @property
    def busy_runs(self) -> frozenset[str]:
        """Runs with calls under way, or being moved after a call: ours, and the store need not offer them."""
        return self._moving | self._busy.keys() | self._aside.runs

    def next_again(self) -> datetime | None:
        """When a busy run is due for something besides its calls, or one that was set aside is looked at again."""
        found = (*self._again.values(), self._aside.next())
        return min((at for at in found if at is not None), default=None)

    async def turn(self, *, acts: bool = True) -> int:
        """One full turn: due acts, outcomes that arrived, due runs. Returns how many runs were moved."""
        if acts:
            await self.carry_out_acts()
        self.wait_progress.clear()
        moved = 0
        while True:
            count = await self._group()
            moved += count
            if count < self._batch:
                return moved

    async def carry_out_acts(self) -> int:
        """Carry out the stored acts that are due."""
        return await carry_out_due(self._store, self._carry_out, self._clock.now()) if self._carry_out else 0

    def look_again(self) -> int:
        """Let runs go on that were damaged and can be read by now; gives how many."""
        return look_again(self._store, self._programs)

    async def drain(self, timeout: float) -> None:
        """Finish what is being performed, for at most so many seconds, and save what came of it."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)
        for task in list(self._tasks):
            task.cancel()
        while self._outcomes:
            await self._group(due=False)

    async def _group(self, *, due: bool = True) -> int:
        now = self._clock.now()
        await asyncio.to_thread(self._holds.read)
        put_back(self._aside.back(now), self._busy, self._outcomes)
        arrived = taken(self._outcomes)
        ids = list(arrived)
        if due:
            ids += [r for r, at in self._again.items() if at <= now and r not in arrived]
        # Not busy any more and not yet saved: whoever looks meanwhile must not give such a run away.
        self._moving = frozenset(ids)
        try:
            return await self._move_group(ids, arrived, now, due=due)
        finally:
            self._moving = frozenset()

    async def _move_group(self, ids: list[str], arrived: dict[str, list[Observed]], now: datetime, *, due: bool) -> int:
        with kept_for_later(arrived, self._busy, self._outcomes):
            for run_id, found in arrived.items():
                for seen in found:
                    self._release(run_id, seen.action.slot)
            if due:
                ids += await self._source.due(now, self._batch, self.busy_runs | frozenset(ids))
            if not ids:
                return 0
            crash_point("wake.claimed")
            await self._load([i for i in ids if i not in self._kept])
        await self._move(ids, arrived)
        held = [i for i in ids if i in self._kept and self._kept[i].run.stands_still]
        if held:
            await asyncio.to_thread(self._holds.recheck, held, self._clock.now())
        idle = {i: self._kept[i] for i in ids if i not in self._busy and i in self._kept}
        elsewhere = {i: self._elsewhere.pop(i) for i in idle if i in self._elsewhere}
        await self._source.done(idle, elsewhere, [i for i in ids if i not in idle])
        self._trim()
        return len(ids)

    def forget(self) -> None:
        """Drop everything that is known and under way: others have taken over."""
        self._forgotten += 1
        for task in self._tasks:
            task.cancel()
        for kept in (self._kept, self._busy, self._again, self._elsewhere, self._outcomes, self._aside):
            kept.clear()

    async def _load(self, ids: Sequence[str]) -> None:
        if ids:
            for stored in await asyncio.to_thread(read_runs, self._store, ids, self._programs):
                self._kept[stored.run.id] = stored

    async def _move(self, ids: Sequence[str], arrived: dict[str, list[Observed]], tries: int = 0) -> None:
        """Advance runs and save them in one group; a run somebody else saved is read again and repeated."""
        steps: dict[str, Advance] = {}
        stale: list[str] = []
        refused: list[str] = []
        forgotten = self._forgotten
        with kept_for_later(arrived, self._busy, self._outcomes):
            for run_id in ids:
                stored = self._kept.get(run_id)
                if stored is None:
                    continue
                step = self._advance(stored, arrived.get(run_id, ()))
                if step.save is None and not step.actions and run_id not in self._busy:
                    if tries == 0:
                        stale.append(run_id)
                    elif run_id not in arrived:
                        self._aside.put(run_id, self._clock.now())  # Due, and nothing to do: not at once again.
                steps[run_id] = step
            saves = [s.save for s in steps.values() if s.save is not None]
            if saves:
                crash_point("intent.before_save")
                if arrived:
                    crash_point("outcome.before_save")
                refused, unwritable = await asyncio.to_thread(save_all, self._store, saves, self.epoch)
                self.saves += len(saves) - len(refused)
                self.conflicts += len(refused)
                crash_point("intent.after_save")
                if arrived:
                    crash_point("outcome.after_save")
                for run_id, problem in unwritable.items():
                    del steps[run_id]
                    before, at = self._kept.pop(run_id), self._clock.now()
                    if not await asyncio.to_thread(save_broken, self._store, before, problem, at, self.epoch):
                        self._aside.put(run_id, at, arrived.get(run_id, ()))
        if forgotten != self._forgotten:
            return  # Others have these runs now, and make the calls.
        for run_id, step in steps.items():
            if run_id not in refused and run_id not in stale:
                self._take(run_id, step)
        again = [*refused, *stale]
        for run_id in again:
            self._kept.pop(run_id, None)
        left = {r: arrived[r] for r in again if r in arrived}
        if again and tries < 5:
            with kept_for_later(left, self._busy, self._outcomes):
                await self._load(again)
            await self._move(again, left, tries + 1)
        else:
            put_back(left, self._busy, self._outcomes)

    def _trim(self) -> None:
        over = len(self._kept) - self._kept_runs - len(self._busy)
        for run_id in [r for r in self._kept if r not in self._busy][:over] if over > 0 else ():
            del self._kept[run_id]

    def _advance(self, stored: Stored, seen: Sequence[Observed]) -> Advance:
        run = stored.run
        now = self._clock.now()
        try:
            program, code_hash = self._programs(run)
            situation = Situation(program, now, self._holds.now, self._durations())
            slots = self._busy.get(run.id, set())
            how: Any = {"owner": self._owner, "code_hash": code_hash, "reaches": self._reaches}
            return advance(situation, stored, seen, in_flight=slots, **how)
        except StoreUnavailable:
            raise
        except Exception as problem:
            log.exception("wake.failed", run=run.id)
            return broken(stored, problem, now)

    def _take(self, run_id: str, step: Advance) -> None:
        """The save stands: remember the run and make its calls."""
        self.wakes += 1
        self._kept[run_id] = step.stored
        self._kept.move_to_end(run_id)
        draft = step.draft
        if draft is None:
            return
        due = draft.run.next_wake_at
        if due is not None and due <= draft.now and run_id not in self._busy:
            self.lateness.append((draft.now - due).total_seconds())
            self.on_late(self.lateness[-1])
        for action in step.actions:
            if not self._reaches(action.system):
                self._elsewhere[run_id] = action.system
                continue
            self._busy.setdefault(run_id, set()).add(action.slot)
            task = asyncio.get_running_loop().create_task(self._call(run_id, action, draft))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        at = step.stored.run.next_wake_at
        if run_id in self._busy and at is not None:
            rest = [w for w in later_wakes(step.stored, self._busy[run_id]) if w > draft.now]
            if rest:
                self._again[run_id] = min(rest)
            else:
                self._again.pop(run_id, None)
        else:
            self._again.pop(run_id, None)

    def _release(self, run_id: str, slot: Slot) -> None:
        slots = self._busy.get(run_id)
        if slots is not None:
            slots.discard(slot)
            if not slots:
                del self._busy[run_id]
                self._again.pop(run_id, None)

    async def _call(self, run_id: str, action: Action, draft: Draft) -> None:
        seen = await call_within(self._limits, self._perform, action, draft, self._clock)
        self._outcomes.append((run_id, seen))
        self.wait_progress.set()
