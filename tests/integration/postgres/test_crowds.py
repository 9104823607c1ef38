"""Many runs, many workers: statements take what they should, wait for nobody in a circle, and read what they show."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.model.stored import RunFilter
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.filter_sql import conditions, narrowed, ordering
from runtime.store.postgres.opening import open_postgres
from runtime.store.postgres.queries import sql
from runtime.store.postgres.runs import PART
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database

pytestmark = pytest.mark.xdist_group("postgres")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def crowd(url: str, count: int, *, held: str = "true", wake_at: str = "NULL") -> list[str]:
    """Runs that lie in the table in another order than that of their ids."""
    with connected(url) as con:
        con.execute(
            "INSERT INTO heads"
            " (id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)"
            f" SELECT 'r' || md5(g::text), 1, 'paused', 'w', 9, {held}, '{{}}', {wake_at}, now(), now()"
            f" FROM generate_series(1, {count}) AS g"
        )
        con.execute("""INSERT INTO runs SELECT id, '{"id":"' || id || '","next_wake_at":null}' FROM heads""")
        con.execute("VACUUM ANALYZE heads")
        return [i for (i,) in con.execute("SELECT id FROM heads").fetchall()]


def connected(url: str) -> psycopg.Connection:
    con = psycopg.connect(url, autocommit=True)
    con.execute("SET search_path TO forkjoin")
    return con


def test_nobody_waits_in_a_circle_for_the_same_runs() -> None:
    url = new_database()
    ids = crowd(url, 300)
    stores = [open_postgres(url) for _ in range(3)]
    rounds = 25

    def lease() -> None:
        for _ in range(rounds):
            stores[0].due_runs.claim(ids, "7", NOW, NOW + timedelta(seconds=60))
            stores[0].due_runs.release(ids, "7")

    def wake() -> None:
        for n in range(rounds):
            stores[1].due_runs.wake(ids, NOW - timedelta(days=n))

    def release() -> None:
        while working():
            stores[2].due_runs.release(ids[::-1], "7")

    threads = [threading.Thread(target=work) for work in (lease, wake, release)]

    def working() -> bool:
        return threads[0].is_alive() or threads[1].is_alive()

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()  # What a session counted is told at the latest when it ends.
    with connected(url) as con:
        counted = con.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert counted == (0,)


def test_no_more_is_taken_than_was_asked_for_however_the_statement_is_planned() -> None:
    url = new_database()
    store = open_postgres(url)
    cluster = Cluster(store)
    cluster.join("one", "host", Heartbeat(), WorkerReport())
    with connected(url) as con:
        # A table that had one row when it was looked at last: a limited part is then asked for each row again.
        con.execute(sql("make_slots"), {"target": "old", "bound": 1})
        con.execute("VACUUM ANALYZE slots")
        assert len(cluster.take_slots("new", 1, 16, 90.0)) == 1
        assert len(cluster.take_slots("new", 3, 16, 90.0)) == 3
        job = (
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
            " SELECT 'wake', 't', 'r' || g, 'r' || g, '{}' FROM generate_series(%s::int, %s) AS g"
        )
        con.execute(job, (0, 0))
        con.execute("VACUUM ANALYZE procrastinate_jobs")
        con.execute(job, (1, 300))
        con.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        row = con.execute("SELECT max(id) FROM procrastinate_workers").fetchone()
        assert row is not None
        taken = con.execute(sql("fetch_jobs"), {"queues": None, "worker_id": row[0], "most": 20}).fetchall()
        assert len(taken) == 20
        assert [j[0] for j in taken] == sorted(j[0] for j in taken)
    store.close()


def test_all_runs_are_woken_and_removed_in_parts() -> None:
    url = new_database()
    ids = crowd(url, 2 * PART + 1)
    store = open_postgres(url)
    before = store.changes.token()
    store.due_runs.wake(ids, NOW)
    assert store.changes.token() == before + 3
    assert len(store.due_runs.due(NOW, 10 * PART)) == len(ids)
    assert store.runs.remove(ids) == len(ids)
    assert store.changes.token() == before + 6
    assert store.listing.count() == 0
    store.close()


def test_the_wake_board_reads_a_page_and_not_all_runs() -> None:
    url = new_database()
    crowd(url, 20_000, held="g % 5000 = 0", wake_at="CASE WHEN g % 2 = 0 THEN now() + g * interval '1 s' END")
    store = open_postgres(url)
    timed = plan(store, None, "next_wake_at", descending=False)
    assert "heads_wake" in timed
    assert "Seq Scan" not in timed
    assert "heads_held" in plan(store, RunFilter(held=True), "created_at", descending=True)
    assert store.listing.count(RunFilter(held=True)) == 4
    assert store.listing.count(RunFilter(held=False)) == 19_996
    store.close()


def plan(store: PostgresStore, where: RunFilter | None, order: str, *, descending: bool) -> str:
    parts, values = conditions(where)
    query = narrowed("list_runs", parts, ordering(order, descending=descending))
    with store.database.connection() as con:
        text = query.as_string(con)
        rows = con.execute(f"EXPLAIN {text}", (*values, 50)).fetchall()
    return "\n".join(row[0] for row in rows)
