"""What needs attention, by what is wrong; systems by how they answer; what a bulk act came to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runtime.acts.cancel import Cancel
from runtime.acts.retry import Retry
from runtime.operations.bulk import Batch
from runtime.operations.failure_signature import normalise
from runtime.operations.queries.attention import troubles
from runtime.operations.queries.systems import systems
from tests.console.world import World, night


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("orders-04.csv, line 4: 'n/a'", "orders-17.csv, line 112: 'n/a'"),
        ("job 7f3a9c01d2 is gone", "job 99e8ab77f1 is gone"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "id 00000000-4f89-11d3-9a0c-0305e82c3302"),
        ("at 0xdeadbeef", "at 0xBEEF"),
        ("took 1.5 s", "took 12 s"),
    ],
)
def test_equal_troubles_count_together(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert "#" in normalise(one)


def test_different_troubles_stay_apart_and_long_ones_are_cut() -> None:
    assert normalise("disk full") != normalise("mailbox full")
    assert len(normalise("x" * 10_000)) <= 300


@pytest.mark.usefixtures("world_store")
def test_a_night_is_grouped_by_what_is_wrong_worst_first(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        await night(world)
        groups = troubles(world.runtime.store.runs)
        assert [g.kind for g in groups] == ["stale", "failed branch", "event"]
        assert groups[1].runs == ["mail-7"]
        assert "mailbox of user-# is full" in groups[1].what
        assert groups[1].example.endswith("mailbox of user-1042 is full")
        rows = systems(world.runtime.store)
        assert [(r.name, r.state, r.open, r.unseen, r.oldest_unseen_run) for r in rows] == [
            ("simulated", "unsure", 2, 1, "blind-5")
        ]
        world.runtime.commands.hold("system=simulated", reason="outage")
        assert systems(world.runtime.store)[0].state == "held"
        await world.close()

    asyncio.run(told())


@pytest.mark.usefixtures("world_store")
def test_a_bulk_retry_stops_when_the_same_failure_returns(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        commands, store = world.runtime.commands, world.runtime.store
        commands.start("nightly_etl", {"brokenFiles": 1, "dir": str(tmp_path / "never")}, "etl", count=4)
        await world.run_for(3)
        runs = store.runs.query(limit=None)
        assert all(r.status == "failed" for r in runs), [r.why for r in runs]
        act = commands.bulk(Retry(), Batch(runs=runs, where="status:failed", rate=1, canary=True)).act
        assert act is not None
        for _ in range(10):
            await world.run_for(2)
        ended = store.acts.get(act.id)
        assert ended is not None
        assert ended.outcome.startswith("stopped: the first run"), ended.outcome
        assert ended.outcome.endswith("3 were not touched")
        assert ended.after == {"accepted": 1, "refused": 0, "failed again": 1}
        await world.close()

    asyncio.run(told())


@pytest.mark.usefixtures("world_store")
def test_a_bulk_act_is_taken_back_before_it_begins(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        commands, store = world.runtime.commands, world.runtime.store
        commands.start("release_approval", {}, "r", count=3)
        act = commands.bulk(Cancel(), Batch(runs=store.runs.query(), where="flow:release*", due_in=5)).act
        assert act is not None
        commands.undo(act.id)
        await world.run_for(8)
        assert "cancelled" not in store.listing.counts()
        await world.close()

    asyncio.run(told())
