"""Two drivers and an operator on the same runs at once, under READ COMMITTED: whatever the order, runs end whole."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from runtime.assembly.location import open_store
from runtime.engine.apply import Observed
from runtime.engine.draft import Draft
from runtime.engine.plan import Action
from runtime.errors import ForkjoinError
from runtime.model.act import Hold
from runtime.model.task import Completed, Started
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.ports.store import Store
from tests.postgres import new_database
from tests.unit.scheduler.test_wake_loop import World

pytestmark = pytest.mark.xdist_group("postgres")
RUNS = 12


class TwoDrivers(World):
    """The world of the wake loop on PostgreSQL, with a second loop over connections of its own and no leases."""

    def __init__(self, url: str, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.store.close()
        self.store = open_store(url)
        self.other = open_store(url)
        self.started: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.loop = self.loop_over(self.store, "one")
        self.second = self.loop_over(self.other, "two")

    def loop_over(self, store: Store, owner: str) -> WakeLoop:
        advancer = Advancer(self.programs, self.clock, owner=owner)
        return WakeLoop(store, advancer, Calls(self.perform, self.clock), self.clock)

    async def perform(self, action: Action, draft: Draft) -> Observed:
        await asyncio.sleep(self.random.random() * 0.01)
        visit = draft.branches[action.branch].current
        assert visit is not None
        key = visit.attempts[-1].idempotency_key
        (self.started if action.verb == "start" else self.finished)[key] += 1
        outcome = Started(f"job-{key}") if action.verb == "start" else Completed(action.step)
        return Observed(action, outcome, self.clock.now(), 1.0)

    async def operator(self) -> None:
        """Wakes runs and changes facts at bad moments."""
        for _ in range(20):
            await asyncio.sleep(self.random.random() * 0.02)
            now = self.clock.now()
            name = f"r{self.random.randrange(RUNS)}"
            await asyncio.to_thread(self.store.holds.put, Hold("run=nobody", "mia", now))
            await asyncio.to_thread(self.other.due_runs.wake, [name], now)

    async def drive(self, loop: WakeLoop) -> None:
        for _ in range(400):
            try:
                await loop.turn()
            except ForkjoinError as problem:
                pytest.fail(problem.message)
            await asyncio.sleep(self.random.random() * 0.01)
            if self.store.listing.counts() == {"completed": RUNS}:
                return
            self.clock.move(1)


@pytest.mark.parametrize("seed", range(4))
def test_two_drivers_and_an_operator_at_once_bring_every_run_to_one_end(seed: int) -> None:
    async def story() -> None:
        world = TwoDrivers(new_database(), seed)
        for number in range(RUNS):
            world.start(f"r{number}")
        await asyncio.gather(world.drive(world.loop), world.drive(world.second), world.operator())
        assert world.store.listing.counts() == {"completed": RUNS}
        assert len(world.started) == 2 * RUNS, "one key a branch, however many asked with it"
        for stored in world.store.runs.load([f"r{n}" for n in range(RUNS)]):
            assert len(stored.firings) == 1, "the join fired once"
            kinds = [entry.kind for entry in world.store.ledger.history(stored.run.id)]
            assert kinds.count("run_completed") == 1
            assert {b.status for b in stored.branches.values()} == {"completed"}
        world.store.close()
        world.other.close()

    asyncio.run(story())
