"""The queue, many jobs at a time: in order, one wake of a run at once, and nothing kept that is not begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from runtime.assembly.location import open_store
from runtime.scheduler.cluster.batched_jobs import BatchedJobs
from runtime.scheduler.cluster.queue import defer_wakes
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database

pytestmark = pytest.mark.xdist_group("postgres")


class World:
    """A queue, and a worker that takes at most three jobs at a time."""

    def __init__(self, app: App, store: PostgresStore) -> None:
        self.jobs = BatchedJobs(app.connector, 3)
        self.store = store
        self.worker = 0

    def offer(self, *runs: str) -> None:
        with self.store.database.connection() as con, con.transaction():
            defer_wakes(con, [(run, "http" if run.startswith("h") else "") for run in runs])

    async def take(self, queues: list[str] | None = None) -> list[str]:
        """Everything that can be had until the queue says that there is no more."""
        found = []
        while job := await self.jobs.fetch_job(queues, self.worker):
            found.append(str(job.lock))
            self.taken = job
        return found

    def statuses(self) -> dict[str, str]:
        with self.store.database.connection() as con:
            return dict(con.execute("SELECT lock, status::text FROM procrastinate_jobs").fetchall())


def story(told: Callable[[World], Awaitable[None]]) -> None:
    async def tell() -> None:
        store = open_store(new_database())
        assert isinstance(store, PostgresStore)
        app = App(connector=PsycopgConnector(conninfo=store.database.dsn, min_size=1, max_size=2))
        async with app.open_async():
            world = World(app, store)
            world.worker = await world.jobs.register_worker()
            await told(world)
        store.close()

    asyncio.run(tell())


def test_jobs_come_in_order_and_only_of_the_queues_that_are_served() -> None:
    async def told(world: World) -> None:
        world.offer("a", "b", "h1", "c", "d")
        assert await world.take(["wake"]) == ["a", "b", "c", "d"]
        assert await world.take(["wake"]) == []
        assert await world.take() == ["h1"]
        assert set(world.statuses().values()) == {"doing"}

    story(told)


def test_a_run_whose_wake_is_under_way_waits_for_its_end() -> None:
    async def told(world: World) -> None:
        world.offer("a")
        assert await world.take() == ["a"]
        first = world.taken
        world.offer("a", "b")
        assert await world.take() == ["b"]
        await asyncio.gather(*(world.jobs.finish_job(job, Status.SUCCEEDED, True) for job in (first, world.taken)))
        assert await world.take() == ["a"]

    story(told)


def test_ending_a_job_that_is_gone_ends_the_others_all_the_same() -> None:
    async def told(world: World) -> None:
        world.offer("a", "b")
        one = await world.jobs.fetch_job(None, world.worker)
        two = await world.jobs.fetch_job(None, world.worker)
        assert one is not None and two is not None
        with world.store.database.connection() as con:
            con.execute("DELETE FROM procrastinate_jobs WHERE lock = 'a'")
        await asyncio.gather(*(world.jobs.finish_job(job, Status.FAILED, True) for job in (one, two)))
        assert world.statuses() == {}

    story(told)


def test_what_was_taken_and_not_begun_is_given_back() -> None:
    async def told(world: World) -> None:
        world.offer("a", "b", "c", "d")
        begun = await world.jobs.fetch_job(None, world.worker)
        assert begun is not None and begun.lock == "a"
        assert world.jobs.not_begun == ["b", "c"]
        assert await world.jobs.give_back() == ["b", "c"]
        assert world.statuses() == {"a": "doing", "d": "todo"}

    story(told)


def test_a_wake_that_is_queued_already_goes_to_the_queue_it_needs_now() -> None:
    async def told(world: World) -> None:
        world.offer("a", "b")
        with world.store.database.connection() as con, con.transaction():
            defer_wakes(con, [("a", "http")])
        assert await world.take(["wake.http"]) == ["a"]
        assert await world.take(["wake"]) == ["b"]

    story(told)


def test_many_wakes_are_one_notification_for_each_who_listens() -> None:
    async def told(world: World) -> None:
        with world.store.database.connection() as con:
            con.execute('LISTEN "procrastinate_any_queue_v1"; LISTEN "procrastinate_queue_v1#wake"')
            with con.transaction():
                defer_wakes(con, [(run, "") for run in ("a", "b", "c")])
            heard = [n.channel for n in con.notifies(timeout=0.5)]
            con.execute("UNLISTEN *")
        assert sorted(heard) == ["procrastinate_any_queue_v1", "procrastinate_queue_v1#wake"]

    story(told)


def test_the_queue_writes_no_log_and_keeps_no_record_of_its_jobs() -> None:
    async def told(world: World) -> None:
        world.offer("a")
        assert await world.take() == ["a"]
        await world.jobs.finish_job(world.taken, Status.SUCCEEDED, delete_job=True)
        with world.store.database.connection() as con:
            kept = con.execute(
                "SELECT relpersistence FROM pg_class WHERE relname IN ('procrastinate_jobs', 'procrastinate_events')"
            )
            assert kept.fetchall() == [("u",), ("u",)]
            row = con.execute("SELECT pg_sequence_last_value('procrastinate_events_id_seq')").fetchone()
        assert row == (None,), "no event was ever written"

    story(told)
