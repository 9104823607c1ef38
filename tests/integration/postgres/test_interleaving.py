"""Two drivers without leases and an operator, in every order of their steps: no run is lost, nothing begins twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.apply import Observed, Stopped
from runtime.engine.draft import Draft, Situation
from runtime.engine.plan import Action
from runtime.errors import Conflict, ForkjoinError, StoreUnavailable
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.act import Actor
from runtime.model.run import Run
from runtime.model.status import ENDED_RUN
from runtime.model.stored import Stored
from runtime.model.task import Completed, Failed, Started
from runtime.operations.commands import Commands
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from tests.interleaving import Player, finish
from tests.postgres import new_database
from tests.unit.engine.play import flow_of

pytestmark = pytest.mark.xdist_group("postgres")
FORK = (
    *(("begin", "fork"), ("fork", "a"), ("fork", "b"), ("a", "join"), ("b", "join"), ("join", "last")),
    *(("last", "fork", "results.last < 2"), ("last", "end", "results.last >= 2")),
)
TABLES = "heads, runs, branches, joins, history, polls, acts, holds, questions, duties, slots"
SYSTEMS = ("first", "second")
ACTS = ("retry", "skip", "cancel", "pause", "resume", "hold", "release", "wake", "edit", "poll")


@dataclass
class Outside:
    """The external systems: what was begun, by key; the first attempt of `b` fails in every second run."""

    begun: Counter[str] = field(default_factory=Counter)

    def answer(self, action: Action, run: str, key: str) -> Any:
        if action.verb == "start":
            self.begun[key] += 1
            return Started(f"job-{key}")
        if action.verb == "cancel":
            return Stopped()
        if action.step == "b" and action.attempt == 1 and run.endswith("1"):
            return Failed("it broke", retryable=False)
        return Completed(action.visit)


class Driver:
    """A wake loop over a store of its own; its calls are answered when it is told."""

    def __init__(self, player: Player, world: World, *, cached_runs: int) -> None:
        self.player = player
        self.runner = asyncio.Runner()
        advancer = Advancer(world.programs, world.clock, owner=player.name)
        calls = Calls(self.perform, world.clock)
        self.loop = WakeLoop(player.store, advancer, calls, world.clock, cached_runs=cached_runs)
        self._world = world
        self._answers = asyncio.Event()

    async def perform(self, action: Action, draft: Draft) -> Observed:
        await self._answers.wait()
        visit = next(
            v for v in draft.branches[action.branch].steps if (v.step_id, v.visit) == (action.step, action.visit)
        )
        key = next(a.idempotency_key for a in visit.attempts if a.attempt == action.attempt)
        return Observed(action, self._world.outside.answer(action, draft.run.id, key), self._world.clock.now(), 1.0)

    def turn(self, *, begin: bool = True) -> None:
        if self.player.idle and begin:
            self.player.begin(lambda: self.runner.run(self.loop.turn()))
        else:
            self.player.go()

    def answer(self) -> None:
        if self.player.idle:
            self.player.begin(lambda: self.runner.run(self._answer()))

    async def _answer(self) -> None:
        self._answers.set()
        for _ in range(5):
            await asyncio.sleep(0)
        self._answers.clear()

    def close(self) -> None:
        self.player.begin(lambda: self.runner.run(self._end()))
        self.player.begin(self.runner.close)

    async def _end(self) -> None:
        self.loop.forget()
        await asyncio.sleep(0)


class World:
    """Some runs, two drivers and an operator."""

    def __init__(self, players: list[Player], runs: int, cached_runs: int) -> None:
        self.clock = ManualClock()
        self.outside = Outside()
        steps = {"begin": {}, "fork": {}, "a": {}, "b": {}, "join": {"type": "decision"}, "last": {}, "end": {}}
        made = flow_from_stored(flow_of(steps, FORK))
        bindings = {s: Binding("second" if s == "b" else "first") for s in ("fork", "a", "b", "last")}
        self.flow = Program("play", made, FlowGraph(made.steps, made.connections), bindings)
        self.players, self.operator = players, players[2]
        self.drivers = [Driver(p, self, cached_runs=cached_runs) for p in players[:2]]
        self.commands = Commands(self.operator.store, self.clock, self, Actor("mia"))  # type: ignore[arg-type]
        self.runs = [f"r{n}" for n in range(runs)]
        now = self.clock.now()
        saves = [
            new_run(Run(r, "play", "play", "1", made.hash, now, now), Situation(self.flow, now)) for r in self.runs
        ]
        self.operator.begin(lambda: self.operator.store.runs.save(saves))
        finish(players)

    def programs(self, run: Run) -> tuple[Program, str | None]:
        return self.flow, None

    def program(self, run: Run, source: object) -> Program:
        """What a catalog answers."""
        return self.flow

    def workflows(self) -> list[Any]:
        return []

    def act(self, verb: str, which: int, *, begin: bool) -> None:
        if self.operator.idle and begin:
            self.operator.begin(lambda: self._act(verb, which))
        else:
            self.operator.go()

    def _act(self, verb: str, which: int) -> None:
        commands, reason = self.commands, "drill"
        run = self.runs[which % len(self.runs)]
        try:
            if verb == "skip":
                commands.skip(run, f"main/fork.1/{'ab'[which]}", 2, reason=reason)
            elif verb == "hold":
                commands.hold(f"system={SYSTEMS[which]}", force=True, reason=reason)
            elif verb == "release":
                commands.release(f"system={SYSTEMS[which]}", reason=reason)
            elif verb == "wake":
                commands.wake(run, self.clock.now() + timedelta(seconds=5), reason=reason)
            elif verb == "edit":
                commands.edit(run, {"n": 1}, reason=reason)
            else:
                getattr(commands, verb)(run, reason=reason)
        except (Conflict, StoreUnavailable):
            raise
        except ForkjoinError:
            return

    def step(self, kind: str, which: int, stops: int) -> None:
        """One step of a plan, over so many stops."""
        if kind == "clock":
            self.clock.move(31 if which else 1)
        for number in range(stops):
            if kind == "turn":
                self.drivers[which].turn(begin=number == 0)
            elif kind == "answer" and number == 0:
                self.drivers[which].answer()
            elif kind in ACTS:
                self.act(kind, which, begin=number == 0)
            for player in self.players:
                player.look()

    def rest(self) -> None:
        """All finish what they do; then turns until nothing is due for an hour."""
        finish(self.players)
        for _ in range(60):
            before = [s.run for s in self.stored()]
            for driver in self.drivers:
                for do in (driver.answer, driver.turn):
                    do()
                    finish(self.players)
            if [s.run for s in self.stored()] == before and not any(d.loop.in_flight for d in self.drivers):
                if any(run.next_wake_at is not None for run in before):
                    self.clock.move(90)
                else:
                    return

    def stored(self) -> list[Stored]:
        found: list[Stored] = []
        self.operator.begin(lambda: found.extend(self.operator.store.runs.load(self.runs)))
        finish([self.operator])
        return found

    def holds(self) -> list[Any]:
        found: list[Any] = []
        self.operator.begin(lambda: found.extend(self.operator.store.holds.all()))
        finish([self.operator])
        return found


@pytest.fixture(scope="module")
def players() -> Iterator[list[Player]]:
    url = new_database()
    made = [Player(name, url) for name in ("driver_one", "driver_two", "operator")]
    yield made
    for player in made:
        player.close()


WHICH = st.integers(0, 1)
TURN = st.tuples(st.just("turn"), WHICH, st.sampled_from((1, 2, 3, 4, 5, 6, 99, 99)))
ANSWER = st.tuples(st.just("answer"), WHICH, st.just(1))
CLOCK = st.tuples(st.just("clock"), WHICH, st.just(1))
HOLD = st.tuples(st.sampled_from(("hold", "release", "pause", "resume")), WHICH, st.sampled_from((2, 4, 6, 99, 99, 99)))
ACT = st.tuples(st.sampled_from(ACTS), WHICH, st.sampled_from((2, 4, 6, 99, 99, 99)))
STEPS = st.one_of(TURN, TURN, ANSWER, HOLD, ACT, CLOCK)
OVERWRITTEN = [
    *(("turn", 0, 99), ("hold", 0, 99), ("hold", 1, 99), ("edit", 0, 99), ("answer", 0, 1)),
    *(("turn", 0, 7), ("release", 0, 99), ("turn", 0, 99)),
]
"""A release wakes a run while a driver saves it: the wake waits for the save, and must not write the older run."""


@settings(
    max_examples=int(os.environ.get("FORKJOIN_TEST_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(plan=st.lists(STEPS, min_size=10, max_size=60), runs=st.integers(1, 2), kept=st.sampled_from((0, 2_000)))
@example(plan=OVERWRITTEN, runs=1, kept=0)
def test_in_every_order_of_steps_no_run_is_lost_and_nothing_begins_twice(
    players: list[Player], plan: list[tuple[str, int, int]], runs: int, kept: int
) -> None:
    with psycopg.connect(players[0].url, autocommit=True, options="-c search_path=forkjoin") as con:
        con.execute(f"TRUNCATE {TABLES} CASCADE")
    world = World(players, runs, kept)
    try:
        for step in plan:
            world.step(*step)
        world.rest()
        held = {h.scope for h in world.holds()}
        for stored in world.stored():
            check_not_lost(stored, held)
            check_keys(stored, world)
        for scope in sorted(held):
            world.operator.begin(partial(world.commands.release, scope))
            finish(players)
        world.rest()
        for stored in world.stored():
            assert stored.run.status in ENDED_RUN, f"{stored.run.id} is {stored.run.status}: {stored.run.why}"
            check_keys(stored, world)
    finally:
        finish(players)
        for driver in world.drivers:
            driver.close()


def check_not_lost(stored: Stored, held: set[str]) -> None:
    """An open run wakes by itself, or everything that keeps it is a hold that is active."""
    run = stored.run
    keeping = {b.held_by for b in stored.branches.values() if b.held_by is not None}
    assert run.status in ENDED_RUN or run.next_wake_at is not None or (keeping and keeping <= held), (
        f"{run.id} is {run.status} and nothing wakes it: {run.why}; it is held by {keeping}, holds are {held}"
    )


def check_keys(stored: Stored, world: World) -> None:
    keys: dict[tuple[Any, ...], str] = {}
    for branch in stored.branches.values():
        for visit in branch.steps:
            for attempt in visit.attempts:
                keys[branch.id, visit.step_id, visit.visit, attempt.attempt] = attempt.idempotency_key
    assert len(set(keys.values())) == len(keys)
    ours = {key for key in world.outside.begun if key.startswith(f"{stored.run.id}/")}
    assert ours <= set(keys.values()), "what was begun was written down before"
    fired = Counter((f.step_id, f.visit) for f in stored.firings)
    assert set(fired.values()) <= {1}
