"""Trouble nobody foresaw with one run or one act holds up no other."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from runtime.clock import ManualClock
from runtime.model.act import Act
from runtime.model.branch import Branch
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.scheduler.upkeep.stored_acts import StoredActs
from runtime.scheduler.waking.group_save import save_group
from runtime.store.ports.store import Store
from tests.unit.scheduler.test_wake_loop import World


def test_a_run_that_cannot_be_written_keeps_no_other_from_being_saved() -> None:
    async def story() -> None:
        world = World()
        world.answers.set()
        for name in ("bad", "good", "well"):
            world.start(name)
        save = world.store.runs.save

        def unwritable(saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
            if any(one.run.id == "bad" for one in saves):
                raise TypeError("surrogates are not allowed")
            return save(saves, epoch=epoch)

        world.store.runs.save = unwritable  # type: ignore[method-assign]
        for _ in range(3):
            for _ in range(10):
                await world.loop.turn()
                await asyncio.sleep(0)
            world.clock.move(31)
        assert world.store.listing.counts() == {"completed": 2, "pending": 1}
        assert world.store.due_runs.next_wake() is not None, "it is tried again"

    asyncio.run(story())


def test_an_act_that_fails_oddly_says_so_and_those_after_it_are_carried_out() -> None:
    world = World()
    store = world.store
    now = world.clock.now()
    for target in ("odd", "fine"):
        store.acts.put(Act(0, now, now, "mia", "console", "poll", target, outcome="pending"))
    carried: list[str] = []

    def carry_out(act: Act) -> None:
        if act.target == "odd":
            raise RuntimeError("nobody thought of this")
        carried.append(act.target)

    world.clock.move(1)
    assert asyncio.run(StoredActs(store.acts, carry_out, world.clock).carry_out_due()) == 2
    assert carried == ["fine"]
    (act,) = store.acts.newest(target="odd")
    assert act.outcome == "refused: RuntimeError: nobody thought of this"


def test_a_key_no_store_takes_keeps_no_other_run_from_being_saved(store: Store) -> None:
    now = ManualClock().now()
    long = hashlib.shake_256(b"x").hexdigest(10_000)
    saves = [
        Save(Run(name, "w", "f", "1", "h", now, now, revision=1), None, branches=(Branch(name, key, 0, "s", now),))
        for name, key in (("bad", long), ("good", "main"))
    ]
    result = save_group(store.runs, saves, None)
    assert result.conflicts == [] and store.runs.get("good") is not None
    assert (store.runs.get("bad") is None) is ("bad" in result.unwritable)
