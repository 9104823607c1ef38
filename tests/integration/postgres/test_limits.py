"""Bounds of external systems over all workers: kept while workers are killed and cut off, and never a dead end."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from runtime.assembly.location import open_store
from runtime.errors import StoreUnavailable
from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.scheduler.cluster.shared_limits import SharedLimits
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.store import PostgresStore
from tests.job_server import JobServer
from tests.postgres import new_database
from tests.workers import Fleet, http_task, opened, wait_for, write_fork

pytestmark = pytest.mark.xdist_group("postgres")
RUNS = 25


def test_no_more_calls_than_the_bound_are_under_way_though_a_worker_is_killed_with_places(tmp_path: Path) -> None:
    url, folder = new_database(), tmp_path / "s"
    task = http_task(0.5)
    flows = write_fork(tmp_path / "flows", "two_jobs", {"a": task, "b": task})
    more = {"FORKJOIN_WORKFLOWS": str(flows), "FORKJOIN_POLLS_PER_TARGET": "3", "FORKJOIN_CALL_TIMEOUT_SECONDS": "3"}
    with JobServer(tmp_path / "jobs.jsonl", seconds=0.1) as server, opened(url, folder, flows) as runtime:
        with Fleet(url, folder, JOBS_URL=server.url, **more) as fleet:
            first, _ = fleet.add(), fleet.add()
            runtime.commands.start("two_jobs", run_id="r", count=RUNS)
            wait_for(lambda: len(server.written("start")) > 10, 60)
            wait_for(lambda: places_of(url, first.pid), 60)
            fleet.kill(first)
            assert runtime.store.listing.counts().get("completed", 0) < RUNS, "it was killed in the middle"
            wait_for(lambda: runtime.store.listing.counts() == {"completed": RUNS}, 90, runtime.store.listing.counts)
        told = server.stats()
    assert told["most_at_once"] == 3, "the bound is reached and kept"
    assert told["jobs"] == 2 * RUNS
    assert set(Counter(entry["key"] for entry in server.written("job")).values()) == {1}


def places_of(url: str, pid: int) -> int:
    """Places that a worker has now."""
    asked = """
    SELECT count(*) FROM slots s JOIN workers w ON w.number = s.worker
    WHERE w.name LIKE %s AND s.until > clock_timestamp()
    """
    with psycopg.connect(url, options="-c search_path=forkjoin") as con:
        row = con.execute(asked, (f"%:{pid}",)).fetchone()
    return int(row[0]) if row else 0


def test_places_of_a_silent_worker_stay_taken_as_long_as_its_calls_may_last() -> None:
    url = new_database()
    stores = [open_store(url), open_store(url)]
    silent, alive = (Cluster(s, call_seconds=0.5) for s in stores if isinstance(s, PostgresStore))
    silent.join("silent", "h1", Heartbeat(), WorkerReport())
    alive.join("alive", "h2", Heartbeat(), WorkerReport())
    assert sorted(silent.take_slots("http:a", 3, 3, 90)) == [1, 2, 3]
    make_silent(url, silent)
    assert alive.evict_silent() == ["silent"]
    assert alive.take_slots("http:a", 1, 3, 90) == [], "it may be cut off from us alone, in the middle of calls"
    assert silent.renew_slots(90) == {}, "nor can it keep them for ever"
    wait_for(lambda: alive.take_slots("http:a", 1, 3, 90), 10)
    ended = subprocess.Popen(["true"])
    ended.wait()
    silent.join("silent", "h1", Heartbeat(pid=ended.pid), WorkerReport())
    assert len(silent.take_slots("http:b", 3, 3, 90)) == 3
    make_silent(url, silent)
    assert alive.evict_silent() == ["silent"]
    assert len(alive.take_slots("http:b", 3, 3, 90)) == 3, "a process of this machine that ended calls no more"
    for store in stores:
        store.close()


def make_silent(url: str, cluster: Cluster) -> None:
    with psycopg.connect(url, autocommit=True, options="-c search_path=forkjoin") as con:
        con.execute("UPDATE workers SET beat_at = beat_at - interval '1 hour' WHERE number = %s", (cluster.number,))


def test_places_the_store_would_not_take_back_are_no_dead_end() -> None:
    async def story() -> None:
        store = open_store(new_database())
        assert isinstance(store, PostgresStore)
        cluster = Cluster(store)
        cluster.join("one", "h1", Heartbeat(), WorkerReport())
        limits = SharedLimits(cluster, 2, 30.0)
        give = cluster.give_slots

        def away(target: str, slots: Sequence[int]) -> None:
            raise StoreUnavailable("The server does not answer.")

        cluster.give_slots = away  # type: ignore[method-assign]
        async with limits.of("http", "a"), limits.of("http", "a"):
            pass
        cluster.give_slots = give  # type: ignore[method-assign]
        assert cluster.take_slots("http:a", 2, 2, 90) == [], "the store believes that both are used"
        async with limits.of("http", "a"), limits.of("http", "a"):
            await limits.renew()
            assert cluster.take_slots("http:a", 2, 2, 90) == [], "those in use are kept"
            cluster.give_slots = away  # type: ignore[method-assign]
        cluster.give_slots = give  # type: ignore[method-assign]
        await limits.renew()
        assert sorted(cluster.take_slots("http:a", 2, 2, 90)) == [1, 2], "given back with a heartbeat"
        store.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_places_that_were_left_at_once_to_one_waiting_call_are_not_kept_by_an_idle_worker() -> None:
    async def story() -> None:
        url = new_database()
        stores = [open_store(url), open_store(url)]
        ours, others = (Cluster(s) for s in stores if isinstance(s, PostgresStore))
        ours.join("one", "h1", Heartbeat(), WorkerReport())
        others.join("two", "h2", Heartbeat(), WorkerReport())
        limits = SharedLimits(ours, 3, 30.0)
        inside, leave = asyncio.Semaphore(0), asyncio.Event()

        async def call() -> None:
            async with limits.of("http", "a"):
                inside.release()
                await leave.wait()

        calls = [asyncio.ensure_future(call()) for _ in range(3)]
        for _ in calls:
            await inside.acquire()
        calls.append(asyncio.ensure_future(call()))
        await asyncio.sleep(0)
        leave.set()
        await asyncio.gather(*calls)
        taken: list[int] = []
        while len(taken) < 3:
            taken += others.take_slots("http:a", 3, 3, 90)
            await asyncio.sleep(0.01)
        assert sorted(taken) == [1, 2, 3]
        for store in stores:
            store.close()

    asyncio.run(asyncio.wait_for(story(), 60))
