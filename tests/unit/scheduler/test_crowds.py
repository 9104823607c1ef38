"""More calls than a target has places for: who waits, who is put off, and what an end leaves behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.apply import Observed, Unreached
from runtime.engine.draft import Draft, Situation
from runtime.engine.plan import Action
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.model.status import StartFact
from runtime.model.task import Running, Started
from runtime.scheduler.waking import crowds, wake_loop
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.limits import LocalLimits
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import memory_store
from tests.unit.engine.play import flow_of

PLACES = 2


class World:
    """Runs of one task each, at targets that answer when the test lets them."""

    def __init__(self, *, idempotent: bool = True) -> None:
        self.store = memory_store()
        self.clock = ManualClock()
        self.flow = flow_from_stored(flow_of({"begin": {}, "a": {}, "end": {}}, (("begin", "a"), ("a", "end"))))
        self.idempotent = idempotent
        self.targets: dict[str, str] = {}
        self.made: Counter[tuple[str, str]] = Counter()
        self.silent: set[str] = set()
        self.stuck: set[str] = set()
        self.answers = asyncio.Event()
        self.under_way = 0
        advancer = Advancer(lambda run: (self.program(self.targets[run.id]), None), self.clock)
        self.loop = WakeLoop(
            self.store, advancer, Calls(self.perform, self.clock, LocalLimits(PLACES)), self.clock, batch=50
        )

    def program(self, target: str) -> Program:
        binding = Binding("http", target, idempotent=self.idempotent)
        return Program("play", self.flow, FlowGraph(self.flow.steps, self.flow.connections), {"a": binding})

    async def perform(self, action: Action, draft: Draft) -> Observed:
        self.under_way += 1
        try:
            if action.target in self.stuck:
                await self.answers.wait()
            self.made[action.target, action.verb] += 1
            took = 30_000.0 if action.target in self.silent else 1.0
            if action.verb == "start":
                return Observed(action, Started(f"job-{draft.run.id}"), self.clock.now(), 1.0)
            answer = Unreached("no answer within 30 s") if action.target in self.silent else Running(0.5)
            return Observed(action, answer, self.clock.now(), took)
        finally:
            self.under_way -= 1

    def start(self, count: int, target: str) -> list[str]:
        now = self.clock.now()
        ids = [f"{target}-{n}" for n in range(count)]
        self.targets |= dict.fromkeys(ids, target)
        heads = [Run(name, "play", "play", "1", self.flow.hash, now, now) for name in ids]
        self.store.runs.save([new_run(head, Situation(self.program(target), now)) for head in heads])
        return ids

    async def turns(self, until: Callable[[], bool]) -> None:
        for _ in range(2_000):
            await self.loop.turn()
            if until():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"not seen; made were {self.made}")

    async def rest(self) -> None:
        """Turn until nothing is due and nothing is under way."""
        await self.turns(lambda: not self.loop.in_flight and not self.store.due_runs.due(self.clock.now(), 1))

    def attempts(self) -> Counter[StartFact]:
        stored = self.store.runs.load([run.id for run in self.store.runs.query(limit=None)])
        return Counter(
            attempt.start for one in stored for b in one.branches.values() for v in b.steps for attempt in v.attempts
        )


def test_an_end_makes_no_call_that_waits_and_leaves_no_start_in_doubt() -> None:
    async def story() -> None:
        world = World(idempotent=False)
        world.stuck.add("busy")
        world.start(40, "busy")
        await world.turns(lambda: world.loop.in_flight == 40 and world.under_way == PLACES)
        assert not world.made
        world.answers.set()
        await world.loop.drain(5)
        assert world.made == {("busy", "start"): PLACES}, "those under way were waited for, no other was made"
        assert world.attempts() == {StartFact.ANSWERED: PLACES, StartFact.NOT_MADE: 38}
        history = [entry.kind for n in range(40) for entry in world.store.ledger.history(f"busy-{n}")]
        assert "start_unanswered" not in history and "unconfirmed" not in history
        assert world.store.due_runs.count_due(world.clock.now()) == 38, "whoever drives next makes them at once"
        again = World(idempotent=False)
        again.store, again.targets, again.clock = world.store, world.targets, world.clock
        again.loop = WakeLoop(
            again.store,
            Advancer(lambda run: (again.program("busy"), None), again.clock),
            Calls(again.perform, again.clock, LocalLimits(PLACES)),
            again.clock,
        )
        await again.rest()
        assert again.made == {("busy", "start"): 38}, "each start once"

    asyncio.run(story())


def test_an_end_gives_up_polls_and_waits_for_a_start_that_cannot_be_repeated() -> None:
    async def story() -> None:
        world = World(idempotent=False)
        world.stuck.add("slow")
        world.start(1, "slow")
        await world.turns(lambda: world.under_way == 1)
        ending = asyncio.ensure_future(world.loop.drain(0))
        await asyncio.sleep(0)
        assert not ending.done(), "nobody could say later whether it was made"
        world.answers.set()
        await ending
        assert world.attempts() == {StartFact.ANSWERED: 1}

        world = World()
        world.start(1, "slow")
        await world.rest()
        world.stuck.add("slow")
        world.answers = asyncio.Event()
        world.clock.move(60)
        await world.turns(lambda: world.under_way == 1)
        await world.loop.drain(0)
        assert world.made == {("slow", "start"): 1}, "a poll is simply made again by whoever drives next"

    asyncio.run(story())


def test_a_silent_target_keeps_no_memory_and_no_other_target_waiting() -> None:
    async def story() -> None:
        world = World()
        world.start(200, "dead")
        world.start(30, "fine")
        await world.rest()
        world.silent.add("dead")
        world.clock.move(3_600)
        await world.rest()
        polled = world.made["dead", "poll"]
        assert world.made["fine", "poll"] == 30
        assert crowds.SILENT_CALLS <= polled < 100, "enough to notice that it is back, not all"
        rows = world.store.runs.load([f"dead-{n}" for n in range(200)])
        off = [one.branches["main"] for one in rows if not one.branches["main"].polls]
        assert len(off) == 200 - polled and all(b.last_poll_failure is None for b in off), "nobody asked, so no failure"
        later = [(b.next_poll_at - world.clock.now()) for b in off if b.next_poll_at is not None]
        assert len(later) == len(off) and min(later) >= timedelta(seconds=30) and max(later) <= timedelta(seconds=90)
        world.silent.clear()
        for _ in range(40):
            world.clock.move(15)
            await world.rest()
        rows = world.store.runs.load([f"dead-{n}" for n in range(200)])
        assert all(one.branches["main"].polls for one in rows), "once it is back, all are polled again"

    asyncio.run(story())


def test_a_crowd_at_a_quick_target_waits_and_is_not_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "MANY", 5)

    async def story() -> None:
        world = World()
        world.start(100, "quick")
        await world.rest()
        world.clock.move(3_600)
        await world.rest()
        assert world.made["quick", "poll"] == 100

    asyncio.run(story())


def test_no_more_runs_are_begun_than_may_be_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_loop, "MOST_BUSY", 10)

    async def story() -> None:
        world = World()
        world.stuck.add("slow")
        world.start(30, "slow")
        await world.turns(lambda: world.loop.is_full)
        for _ in range(20):
            await world.loop.turn()
        assert world.loop.in_flight == 10 and not world.loop.is_behind, "it rests until a result makes room"
        world.answers.set()
        await world.rest()
        assert world.made["slow", "start"] == 30

    asyncio.run(story())


def test_a_run_that_goes_round_for_ever_leaves_as_much_time_to_the_others() -> None:
    async def story() -> None:
        store, clock = memory_store(), ManualClock()
        steps = {"begin": {}, "a": {"type": "decision"}, "b": {"type": "decision"}, "end": {}}
        ways = (("begin", "a"), ("a", "b"), ("b", "a", "true"), ("b", "end"))
        flow = flow_from_stored(flow_of(steps, ways))
        program = Program("play", flow, FlowGraph(flow.steps, flow.connections), {})

        async def perform(action: Action, draft: Draft) -> Observed:
            raise AssertionError("nothing is called")

        loop = WakeLoop(store, Advancer(lambda _: (program, None), clock), Calls(perform, clock), clock)
        now = clock.now()
        store.runs.save([new_run(Run("round", "play", "play", "1", flow.hash, now, now), Situation(program, now))])
        await loop.turn()
        visits = store.runs.query()[0].total_visits
        assert visits > 1 and "round" in loop.busy_runs
        for _ in range(5):
            assert await loop.turn() == 0, "it is due, and others go first"
        assert loop.next_wake() is not None
        clock.move(61)
        await loop.turn()
        assert store.runs.query()[0].total_visits > visits

    asyncio.run(story())


def test_a_new_run_begins_soon_though_many_others_are_long_due() -> None:
    async def story() -> None:
        world = World()
        world.start(300, "busy")
        await world.rest()
        world.clock.move(3_600)
        world.start(1, "new")
        for _ in range(200):
            if world.made["new", "start"]:
                break
            await world.loop.turn()
            await asyncio.sleep(0)
        assert world.made["new", "start"] == 1
        assert world.made["busy", "poll"] < 200, "it has not waited for all of them"
        await world.rest()
        assert world.made["busy", "poll"] == 300

    asyncio.run(story())
