"""Leases nobody would give back: taken by a worker that was taken out, or cut off before the answer came."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from runtime.assembly.location import open_store
from runtime.errors import LostRight
from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.scheduler.cluster.leased_runs import LeasedRuns
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database

pytestmark = pytest.mark.xdist_group("postgres")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    """Two workers on one store that holds the runs a and b."""
    url = new_database()
    made = []
    for name in ("one", "two"):
        store = open_store(url)
        assert isinstance(store, PostgresStore)
        cluster = Cluster(store)
        cluster.join(name, "h", Heartbeat(), WorkerReport())
        made.append(cluster)
    made[0].store.runs.save(
        [Save(Run(i, "w", "f", "1", "h", NOW, NOW, revision=1, next_wake_at=NOW), None) for i in "ab"]
    )
    yield made[0], made[1]
    for cluster in made:
        cluster.store.close()


def owners(cluster: Cluster) -> dict[str, str | None]:
    with cluster.store.database.connection() as con:
        return dict(con.execute("SELECT id, owner FROM heads").fetchall())


def test_a_worker_that_was_taken_out_leases_nothing_and_takes_no_place(pair: tuple[Cluster, Cluster]) -> None:
    cut, alive = pair
    with cut.store.database.connection() as con:
        con.execute("UPDATE workers SET beat_at = beat_at - interval '1 hour' WHERE number = %s", (cut.number,))
    assert alive.evict_silent() == ["one"]
    was = cut.owner
    with pytest.raises(LostRight):
        cut.store.due_runs.claim(["a"], was, NOW, NOW + MINUTE)
    assert cut.take_slots("http:x", 1, 3, 60) == []
    cut.join("one", "h", Heartbeat(), WorkerReport())
    with pytest.raises(LostRight):
        cut.store.due_runs.claim(["a"], was, NOW, NOW + MINUTE)
    assert owners(alive) == {"a": None, "b": None}
    assert cut.store.due_runs.claim(["a"], cut.owner, NOW, NOW + MINUTE) == ["a"]


def test_a_lease_whose_answer_never_came_is_given_back_at_the_next_renewal(pair: tuple[Cluster, Cluster]) -> None:
    one, two = pair

    async def story() -> None:
        source = LeasedRuns(one.store.due_runs, one, lambda: NOW)
        waiting = asyncio.ensure_future(source.wake("a"))
        await asyncio.sleep(0)
        assert await source.due(NOW, 10, frozenset()) == ["a"]
        one.store.due_runs.claim(["b"], one.owner, NOW, NOW + MINUTE)  # Committed; the line was cut before the answer.
        assert two.store.due_runs.claim(["b"], two.owner, NOW, NOW + MINUTE) == []
        await source.renew(frozenset())
        assert owners(one) == {"a": one.owner, "b": None}, "what is being moved stays ours"
        await source.moved({}, {}, ["a"])
        await waiting

    asyncio.run(story())
