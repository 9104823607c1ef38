"""The wall clock is set by hours and years, either way: what is measured goes on as it was, dates follow the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.apply import Observed, Stopped, Unreached
from runtime.engine.draft import Draft, Situation
from runtime.engine.plan import Action
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.act import Act, Hold
from runtime.model.clock_setting import ClockSetting, corrected
from runtime.model.facts import CLOCK
from runtime.model.run import Run
from runtime.model.task import Failed, Outcome, Running, Started
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.clock_watch import ClockWatch
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import memory_store
from tests.unit.engine.play import flow_of

DAY = 86_400.0
JUMPS = {
    "a year forward": 365 * DAY,
    "four years forward": 4 * 365 * DAY,
    "from 1970 to today": 56 * 365 * DAY,
    "eight hours asleep": 8 * 3_600.0,
    "an hour back": -3_600.0,
    "a year back": -365 * DAY,
}
EVERY = 10.0


class World:
    """One run of one task, a wall clock that is set and one that nobody sets."""

    def __init__(self, metadata: dict[str, Any] | None = None, kind: str = "task") -> None:
        self.store = memory_store()
        self.clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.steady = 1_000.0
        step = {"type": kind, "metadata": metadata or {"poll": {"interval": EVERY}}}
        if kind == "resumeAfter":
            step = {"type": kind, "duration": "2 hours"}
        made = flow_from_stored(flow_of({"begin": {}, "a": step, "end": {}}, (("begin", "a"), ("a", "end"))))
        bindings = {"a": Binding("jobs")} if kind == "task" else {}
        self.program = Program("play", made, FlowGraph(made.steps, made.connections), bindings)
        self.answer: Callable[[], Outcome | Unreached] = lambda: Running(0.5)
        self.calls: list[tuple[str, float]] = []
        """Verb and steady moment of every call."""
        self.drive(boot="one")

    def drive(self, boot: str) -> None:
        """A scheduler takes over."""
        self.watch = ClockWatch(self.store, self.clock, lambda: self.steady, boot)
        self.watch.begin()
        advancer = Advancer(
            lambda _: (self.program, None), self.clock, clock_settings=lambda: self.watch.settings, owner=""
        )
        self.loop = WakeLoop(self.store, advancer, Calls(self.perform, self.clock), self.clock, clock_watch=self.watch)

    async def perform(self, action: Action, draft: Draft) -> Observed:
        self.calls.append((action.verb, self.steady))
        if action.verb == "cancel":
            return Observed(action, Stopped(), self.clock.now(), 1.0)
        outcome = Started("job") if action.verb == "start" else self.answer()
        return Observed(action, outcome, self.clock.now(), 1.0)

    def start(self, count: int = 1) -> None:
        now = self.clock.now()
        heads = [Run(f"r{n}", "play", "play", "1", self.program.flow.hash, now, now) for n in range(count)]
        self.store.runs.save([new_run(head, Situation(self.program, now)) for head in heads])

    def set_clock(self, seconds: float) -> None:
        self.clock.move(seconds)

    async def settle(self) -> None:
        for _ in range(200):
            self.watch.follow()
            more = self.watch.rouse()
            moved = await self.loop.turn()
            if not more and not moved and not self.loop.in_flight and self.watch._asleep is None:
                return
            await asyncio.sleep(0)
        raise AssertionError("it does not come to rest")

    async def passes(self, seconds: float, step: float = 1.0) -> None:
        """Time passes on both clocks."""
        while seconds > 0:
            part = min(step, seconds)
            self.clock.move(part)
            self.steady += part
            seconds -= part
            await self.settle()

    @property
    def polls(self) -> list[float]:
        return [at for verb, at in self.calls if verb == "poll"]

    def run(self) -> Run:
        found = self.store.runs.get("r0")
        assert found is not None
        return found


def story(told: Any) -> None:
    asyncio.run(told)


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_polls_keep_their_interval(seconds: float) -> None:
    async def told() -> None:
        world = World()
        world.start()
        await world.settle()
        await world.passes(25)
        assert world.polls == [1_010.0, 1_020.0]
        world.set_clock(seconds)
        await world.settle()
        assert world.polls == [1_010.0, 1_020.0], "none comes early"
        await world.passes(30)
        assert world.polls == [1_010.0 + EVERY * n for n in range(5)], "none comes late, none twice"
        assert world.run().clock == 1

    story(told())


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_back_off_and_retries_keep_theirs(seconds: float) -> None:
    async def told() -> None:
        policy = {"poll": {"interval": EVERY}, "retry": {"maximumAttempts": 3, "initialInterval": 40}}
        world = World(policy)
        world.start()
        await world.settle()
        world.answer = lambda: Failed("no")
        await world.passes(11)
        assert [verb for verb, _ in world.calls] == ["start", "poll"]
        world.set_clock(seconds)
        await world.passes(38)
        assert len(world.calls) == 2, "the next attempt is not due"
        await world.passes(3)
        assert world.calls[2] == ("start", 1_050.0)
        world.answer = lambda: Unreached("away")
        await world.passes(11)
        polled = len(world.calls)
        world.set_clock(-seconds)
        await world.passes(6)
        assert len(world.calls) == polled, "nor the next try of what was not reached"
        await world.passes(60)
        assert len(world.calls) > polled

    story(told())


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_timeouts_are_measured(seconds: float) -> None:
    async def told() -> None:
        world = World({"poll": {"interval": EVERY}, "timeout": {"startToClose": 60}})
        world.start()
        await world.settle()
        await world.passes(30)
        world.set_clock(seconds)
        await world.passes(28)
        assert str(world.run().status) == "sleeping" and not world.run().is_expired
        await world.passes(20)
        assert world.run().is_expired or str(world.run().status) == "failed"

    story(told())


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_a_date_follows_the_clock(seconds: float) -> None:
    async def told() -> None:
        world = World(kind="resumeAfter")
        world.start()
        await world.settle()
        due = world.clock.now() + timedelta(hours=2)
        world.set_clock(seconds)
        await world.settle()
        assert (str(world.run().status) == "completed") == (world.clock.now() >= due)
        if world.clock.now() < due:
            assert world.run().next_wake_at == due
            world.clock.move_to(due + timedelta(seconds=1))
            await world.settle()
            assert str(world.run().status) == "completed"

    story(told())


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_what_a_hold_stopped_is_counted_right(seconds: float) -> None:
    async def told() -> None:
        world = World({"poll": {"interval": EVERY}, "timeout": {"startToClose": 60}})
        world.start()
        await world.settle()
        await world.passes(20)
        world.store.holds.put(Hold("all", "mia", world.clock.now()))
        world.store.due_runs.wake(["r0"], world.clock.now())
        await world.passes(100)
        world.set_clock(seconds)
        await world.settle()
        (hold,) = world.store.holds.all()
        world.store.holds.put(replace(hold, released_at=world.clock.now()))
        world.store.due_runs.wake(["r0"], world.clock.now())
        await world.passes(20)
        assert not world.run().is_expired, "it has worked for 40 s"
        await world.passes(40)
        assert world.run().is_expired or str(world.run().status) == "failed"

    story(told())


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_an_act_that_can_be_undone_waits_as_long_as_it_would_have(seconds: float) -> None:
    async def told() -> None:
        world = World()
        now = world.clock.now()
        act = world.store.acts.put(Act(0, now, now + timedelta(seconds=5), "mia", "console", "cancel", "r0"))
        world.set_clock(seconds)
        await world.settle()
        stored = world.store.acts.get(act.id)
        assert stored is not None and stored.due_at == world.clock.now() + timedelta(seconds=5)

    story(told())


@pytest.mark.parametrize("boot", ["one", "another"])
@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_a_clock_that_was_set_while_nobody_drove_the_store(seconds: float, boot: str) -> None:
    async def told() -> None:
        world = World()
        world.start()
        await world.settle()
        await world.passes(25)
        world.store.facts.put("scheduler", {"beat_at": world.clock.now().isoformat()})
        world.set_clock(seconds)
        if boot == "another":
            world.steady = 3.0
        began = world.steady
        polled = len(world.polls)
        world.drive(boot)
        await world.settle()
        if boot == "one":
            assert len(world.polls) == polled, "the same machine knows how much time has passed"
        await world.passes(30)
        after = world.polls[polled:]
        assert 3 <= len(after) <= 4 and after[-1] - began > 2 * EVERY, "it goes on at its interval"

    story(told())


def test_many_sleepers_are_corrected_a_few_at_a_time_and_none_is_asked() -> None:
    async def told() -> None:
        world = World()
        world.start(1_200)
        await world.settle()
        await world.passes(5)
        called = len(world.calls)
        for seconds in (365 * DAY, -3_600.0):
            world.set_clock(seconds)
            await world.settle()
            assert len(world.calls) == called
            wakes = {run.next_wake_at for run in world.store.runs.query(limit=None)}
            assert wakes == {world.clock.now() + timedelta(seconds=5)}

    story(told())


def test_small_steps_are_followed_and_do_not_add_up() -> None:
    async def told() -> None:
        world = World()
        for _ in range(50):
            world.set_clock(0.2)
            await world.settle()
        assert world.watch.settings == () and CLOCK.read(world.store.facts) is not None

    story(told())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 25), st.sampled_from([*JUMPS.values(), 3.0, -3.0, -30.0, 30.0])), max_size=6))
def test_whatever_the_clock_is_set_to_polls_come_at_their_interval(settings_made: list[tuple[float, float]]) -> None:
    async def told() -> None:
        world = World()
        world.start()
        await world.settle()
        for seconds, jump in settings_made:
            await world.passes(seconds)
            world.set_clock(jump)
            await world.settle()
        await world.passes(2 * EVERY)
        gaps = [later - at for at, later in zip(world.polls, world.polls[1:], strict=False)]
        assert world.polls and all(EVERY - 0.01 <= gap <= EVERY + 1.01 for gap in gaps), gaps

    story(told())


def test_moments_of_before_are_corrected_once() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    forward = ClockSetting(1, at, 3_600.0)
    assert corrected(at - timedelta(hours=2), (forward,)) == at - timedelta(hours=1)
    assert corrected(at + timedelta(hours=2), (forward,)) == at + timedelta(hours=2)
    far = ClockSetting(1, at, 9_000 * 365 * DAY)
    assert corrected(at, (far,)) == datetime.max.replace(tzinfo=UTC)
