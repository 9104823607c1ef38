"""Releasing a hold wakes what it had stopped, even if who released it died before he could."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from runtime.engine.draft import Draft
from runtime.model.act import Actor, Hold
from runtime.model.branch import Branch
from runtime.operations.acting import Acting, RunChange
from runtime.operations.order import Order
from runtime.scheduler.upkeep.hold_releases import HoldReleases
from tests.unit.scheduler.test_wake_loop import World


class Held(World):
    """Runs whose work is held, and holds that are set and released by somebody who does nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.answers.set()
        self.releases = HoldReleases(self.store)
        self.releases.look(self.clock.now())

    def put(self, scope: str) -> Hold:
        hold = Hold(scope, "mia", self.clock.now())
        self.store.holds.put(hold)
        return hold

    def release_and_die(self, hold: Hold) -> None:
        self.store.holds.put(replace(hold, released_at=self.clock.now()))

    async def quiet(self) -> None:
        for _ in range(20):
            await self.loop.turn()
            await asyncio.sleep(0)

    async def until_completed(self, count: int) -> None:
        for _ in range(10):
            self.clock.move(31)
            await self.quiet()
        assert self.store.listing.counts() == {"completed": count}


@pytest.mark.parametrize("scope", ["all", "run=r1", "system=quick", "flow=play"])
def test_what_a_release_left_asleep_is_woken(scope: str) -> None:
    async def story() -> None:
        world = Held()
        hold = world.put(scope)
        world.start("r1")
        await world.quiet()
        world.clock.move(60)
        await world.quiet()
        stopped = world.store.runs.get("r1")
        assert stopped is not None and stopped.stands_still
        world.clock.move(1)
        world.release_and_die(hold)
        assert world.releases.look(world.clock.now()) == 1
        assert world.releases.look(world.clock.now()) == 0, "once is enough"
        await world.until_completed(1)

    asyncio.run(story())


def test_a_scheduler_that_begins_finds_what_was_released_before() -> None:
    async def story() -> None:
        world = Held()
        hold, other = world.put("flow=play"), world.put("run=nobody")
        world.start("r1")
        await world.quiet()
        world.clock.move(5)
        world.release_and_die(hold)
        world.release_and_die(other)
        later = HoldReleases(world.store)
        assert later.look(world.clock.now()) == 1
        await world.until_completed(1)
        assert HoldReleases(world.store).look(world.clock.now()) == 0

    asyncio.run(story())


def test_an_act_saved_as_held_while_the_hold_was_released_is_woken() -> None:
    async def story() -> None:
        world = Held()
        hold = world.put("all")
        world.start("r1")
        acting = Acting(world.store, world.clock, None, Actor("joe"), read_only=False)  # type: ignore[arg-type]
        acting.program = lambda _: world.program  # type: ignore[method-assign,assignment]

        def while_mia_releases(what: Callable[[], None]) -> Callable[[Draft, Branch | None], list[str]]:
            def rule(draft: Draft, _: Branch | None) -> list[str]:
                what()
                return ["looked at"]

            return rule

        rule = while_mia_releases(lambda: world.release_and_die(hold))
        acting.on_run(RunChange("ack", "r1", rule), Order())
        await world.until_completed(1)

    asyncio.run(story())
