"""A store that goes away while runs are moved: nothing that came of calls is lost, and no run is blamed for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from runtime.errors import StoreAway
from runtime.flow.program import Program
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.store.embedded.runs import EmbeddedRuns
from runtime.store.embedded.store import memory_store
from tests.unit.scheduler.test_wake_loop import World

AWAY = StoreAway("The store does not answer.", store="play", cause="no answer")


class Leaving(EmbeddedRuns):
    """Runs of a store whose saves fail while it is away."""

    def __init__(self) -> None:
        made = memory_store()
        super().__init__(made.database)
        self.store = replace(made, runs=self)
        self.away = False
        self.slow: threading.Event | None = None
        self.asked = threading.Event()
        self.world: World | None = None
        self.taken_over = False
        self.busy_at_save: list[frozenset[str]] = []

    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        if self.away:
            self.asked.set()
            if self.slow is not None:
                self.slow.wait()
            raise AWAY
        if self.world is not None:
            self.busy_at_save.append(self.world.loop.busy_runs)
            if self.taken_over:
                self.world.loop.forget()
        return super().save(saves, epoch=epoch)


async def start(world: World) -> None:
    """Start a run; both calls are made and answered, and nobody has taken in yet what came of them."""
    world.start("r1")
    await world.loop.turn()
    while world.loop.calls._tasks:
        await asyncio.sleep(0)
    assert world.calls == [("start", "a"), ("start", "b")]


def test_what_came_of_a_call_is_saved_when_the_store_is_back() -> None:
    async def story() -> None:
        runs = Leaving()
        world = World(runs.store)
        await start(world)
        runs.away = True
        for _ in range(3):
            with pytest.raises(StoreAway):
                await world.loop.turn()
        assert world.loop.busy_runs == {"r1"}, "nobody else may have it"
        runs.away = False
        await world.turn_until(lambda: world.status("r1", "a") == "running")
        assert world.calls == [("start", "a"), ("start", "b")], "each was started once"

    asyncio.run(story())


def test_what_came_of_a_call_is_saved_though_we_are_stopped_while_it_is_saved() -> None:
    async def story() -> None:
        runs = Leaving()
        world = World(runs.store)
        await start(world)
        runs.away, runs.slow = True, threading.Event()
        turning = asyncio.ensure_future(world.loop.turn())
        await asyncio.to_thread(runs.asked.wait)
        turning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turning
        slow, runs.slow = runs.slow, None
        runs.away = False
        slow.set()
        await world.loop.drain(1.0)
        assert world.status("r1", "a") == world.status("r1", "b") == "running"

    asyncio.run(story())


def test_a_run_is_ours_while_what_came_of_its_calls_is_saved() -> None:
    async def story() -> None:
        runs = Leaving()
        world = World(runs.store)
        await start(world)
        runs.world = world
        await world.loop.turn()
        assert runs.busy_at_save == [{"r1"}]
        assert world.loop.busy_runs == frozenset()

    asyncio.run(story())


def test_a_run_whose_flow_cannot_be_read_just_now_is_not_failed() -> None:
    async def story() -> None:
        world = World()
        away = True

        def programs(run: Run) -> tuple[Program, str | None]:
            if away:
                raise AWAY
            return world.program, None

        world.program_of = programs
        world.start("r1")
        with pytest.raises(StoreAway):
            await world.loop.turn()
        assert world.store.listing.counts() == {"pending": 1}
        away = False
        await world.turn_until(lambda: len(world.calls) == 2)

    asyncio.run(story())


def test_who_was_taken_out_while_it_saved_makes_no_calls() -> None:
    async def story() -> None:
        runs = Leaving()
        world = World(runs.store)
        world.start("r1")
        runs.world, runs.taken_over = world, True
        await world.loop.turn()
        assert world.status("r1", "a") == "starting", "it is saved"
        assert world.loop.busy_runs == frozenset()
        assert not world.loop.calls._tasks, "who has the run now makes the call"

    asyncio.run(story())
