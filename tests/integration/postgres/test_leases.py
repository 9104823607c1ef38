"""Leases nobody would give back: taken by a worker that was taken out, or cut off before the answer came."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from runtime.assembly.location import open_store
from runtime.errors import LostRight, StoreUnavailable
from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.scheduler.cluster.leased_runs import LeasedRuns
from runtime.store.ports.due_runs import DueRuns
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.queries import sql
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database

pytestmark = pytest.mark.xdist_group("postgres")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
YEARS = timedelta(days=36_500)


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
    assert owners(alive) == {"a": None, "b": None}, "it leased nothing"
    assert cut.store.due_runs.claim(["a"], cut.owner, NOW, NOW + MINUTE) == ["a"]


def test_leases_of_an_evicted_worker_hold_nothing_though_nobody_touched_them(pair: tuple[Cluster, Cluster]) -> None:
    cut, alive = pair
    assert cut.store.due_runs.claim(["a", "b"], cut.owner, NOW, NOW + YEARS) == ["a", "b"]
    assert alive.offer(lambda con, runs: None, depth=10, reach=None) == 0
    assert alive.queue().due == 0, "both are worked on"
    with cut.store.database.connection() as con:
        con.execute("UPDATE workers SET beat_at = beat_at - interval '1 hour' WHERE number = %s", (cut.number,))
    assert alive.evict_silent() == ["one"]
    assert owners(alive) == {"a": "1", "b": "1"}
    assert alive.queue().due == 2
    offered: list[str] = []
    assert alive.offer(lambda con, runs: offered.extend(i for i, _ in runs), depth=10, reach=None) == 2
    assert sorted(offered) == ["a", "b"]
    assert alive.store.due_runs.claim(["a"], alive.owner, NOW, NOW + YEARS) == ["a"]
    alive.leave()
    cut.join("one", "h", Heartbeat(), WorkerReport())
    assert cut.store.due_runs.claim(["a"], cut.owner, NOW, NOW + YEARS) == ["a"], "who left holds nothing either"


def test_offer_lease_and_release_of_a_run_write_to_no_index(pair: tuple[Cluster, Cluster]) -> None:
    one, _ = pair
    offered = {"limit": 10, "lease": 10.0, "everything": True, "routes": []}
    leased = {"ids": ["a", "b"], "owner": "1", "now": NOW, "until": NOW + MINUTE}
    with one.store.database.connection() as con, con.transaction():
        assert len(con.execute(sql("offer"), offered).fetchall()) == 2
        assert len(con.execute(sql("claim"), leased).fetchall()) == 2
        assert con.execute(sql("release"), (["a", "b"], "1")).rowcount == 2
        counted = con.execute("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'heads'")
        assert counted.fetchone() == (6, 6)


def test_a_lease_whose_answer_never_came_is_given_back_at_the_next_renewal(pair: tuple[Cluster, Cluster]) -> None:
    one, two = pair
    port = one.store.due_runs

    class Cut:
        """Due runs over a line that is cut after a lease was committed, before the answer."""

        def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
            got = port.claim(run_ids, owner, now, until)
            if "b" in run_ids:
                raise StoreUnavailable("cut")
            return got

        def __getattr__(self, name: str) -> object:
            return getattr(port, name)

    async def story() -> None:
        source = LeasedRuns(cast(DueRuns, Cut()), one, lambda: NOW)
        waiting = asyncio.ensure_future(source.wake("a"))
        await asyncio.sleep(0)
        assert await source.due(NOW, 10, frozenset()) == ["a"]
        lost = asyncio.ensure_future(source.wake("b"))
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await source.due(NOW, 10, frozenset())
        await lost
        assert two.store.due_runs.claim(["b"], two.owner, NOW, NOW + MINUTE) == []
        await source.renew(frozenset())
        assert owners(one) == {"a": one.owner, "b": None}, "what is being moved stays ours"
        await source.moved({}, {}, ["a"])
        await waiting

    asyncio.run(story())
