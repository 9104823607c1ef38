"""The wake loop on a manual clock: slow systems, our own mistakes and jumping clocks harm nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.apply import Observed
from runtime.engine.draft import Draft, Situation
from runtime.engine.plan import Action
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.model.task import Completed, Started
from runtime.scheduler.waking.advancer import Advancer, ProgramOf
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import memory_store
from runtime.store.ports.store import Store
from tests.unit.engine.play import flow_of

FORK = (("begin", "a"), ("begin", "b"), ("a", "join"), ("b", "join"), ("join", "end"))


class World:
    """A store, a clock, and external systems that answer when the test lets them."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = memory_store() if store is None else store
        self.clock = ManualClock()
        made = flow_from_stored(flow_of({"begin": {}, "a": {}, "b": {}, "join": {"type": "decision"}, "end": {}}, FORK))
        bindings = {"a": Binding("quick"), "b": Binding("slow")}
        self.program = Program("play", made, FlowGraph(made.steps, made.connections), bindings)
        self.answers = asyncio.Event()
        self.broken: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.program_of: ProgramOf = self.programs
        advancer = Advancer(lambda run: self.program_of(run), self.clock)
        self.loop = WakeLoop(self.store, advancer, Calls(self.perform, self.clock), self.clock)

    def programs(self, run: Run) -> tuple[Program, str | None]:
        if run.id in self.broken:
            raise KeyError("no such program")
        return self.program, None

    def programs_from(self, store: Store) -> None:
        """Read the flows of runs from the store from now on, as the real programs are."""

        def programs(run: Run) -> tuple[Program, str | None]:
            store.flows.get(run.flow_hash)
            return self.programs(run)

        self.program_of = programs

    async def perform(self, action: Action, draft: Draft) -> Observed:
        self.calls.append((action.verb, action.step))
        if action.verb == "poll" and action.system == "slow":
            await self.answers.wait()
        outcome = Started(f"job-{action.step}") if action.verb == "start" else Completed(action.step)
        return Observed(action, outcome, self.clock.now(), 1.0)

    def start(self, name: str) -> None:
        now = self.clock.now()
        run = Run(name, "play", "play", "1", self.program.flow.hash, now, now)
        self.store.runs.save([new_run(run, Situation(self.program, now))])

    async def turn_until(self, seen: Callable[[], bool]) -> None:
        for _ in range(200):
            await self.loop.turn()
            if seen():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"not seen; calls were {self.calls}")

    def status(self, run: str, branch: str) -> str:
        (stored,) = self.store.runs.load([run])
        return str(stored.branches[f"main/begin.1/{branch}"].status)


def test_a_poll_that_hangs_delays_neither_its_sibling_nor_other_runs(store: Store) -> None:
    async def story() -> None:
        world = World(store)
        world.start("r1")
        await world.turn_until(lambda: len(world.calls) == 2 and not world.loop.in_flight)
        world.clock.move(31)
        await world.turn_until(lambda: world.status("r1", "a") == "arrived")
        assert world.status("r1", "b") == "running"
        world.start("r2")
        await world.turn_until(lambda: world.calls.count(("start", "a")) == 2)
        world.clock.move(600)
        await world.turn_until(lambda: world.status("r2", "a") == "arrived")
        assert world.calls.count(("poll", "b")) == 2, "a poll under way is not made again"
        world.answers.set()
        await world.turn_until(lambda: world.store.listing.counts() == {"completed": 2})

    asyncio.run(story())


def test_a_clock_that_jumps_back_neither_loses_nor_storms_wakes(store: Store) -> None:
    async def story() -> None:
        world = World(store)
        world.answers.set()
        world.start("r1")
        await world.turn_until(lambda: len(world.calls) == 2 and not world.loop.in_flight)
        world.clock.move(-3_600)
        for _ in range(20):
            await world.loop.turn()
        assert len(world.calls) == 2
        world.clock.move(3_600 + 31)
        await world.turn_until(lambda: world.store.listing.counts() == {"completed": 1})
        assert len(world.calls) == 4

    asyncio.run(story())


def test_a_mistake_of_ours_fails_one_run_and_is_saved(store: Store) -> None:
    async def story() -> None:
        world = World(store)
        world.answers.set()
        world.broken.add("bad")
        world.start("bad")
        world.start("good")
        await world.turn_until(lambda: world.loop.in_flight == 0 and len(world.calls) == 2)
        world.clock.move(31)
        await world.turn_until(lambda: world.store.listing.counts() == {"completed": 1, "failed": 1})
        failure = world.store.runs.get("bad").failure  # type: ignore[union-attr]
        assert failure is not None
        assert "no such program" in failure.message

    asyncio.run(story())
