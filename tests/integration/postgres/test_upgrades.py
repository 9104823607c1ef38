"""An older database is brought to the format of this program with its runs; the queue's own tables with it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from procrastinate.schema import SchemaManager

from runtime.assembly.copying import upgrade_store
from runtime.assembly.location import open_store
from runtime.errors import Refused, StoreUnavailable
from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.store.postgres import maintenance_lock, queue_schema
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.queries import FOLDER
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database
from tests.scheduling import opened as opened_here
from tests.workers import opened, wait_for, workers

pytestmark = pytest.mark.xdist_group("postgres")
SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'forkjoin'
UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'forkjoin'
UNION ALL SELECT proname, pg_get_functiondef(oid), '', '' FROM pg_proc WHERE pronamespace = 'forkjoin'::regnamespace
UNION ALL SELECT tgname, pg_get_triggerdef(oid), '', '' FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint
          WHERE connamespace = 'forkjoin'::regnamespace
UNION ALL SELECT enumlabel, enumtypid::regtype::text, '', '' FROM pg_enum
UNION ALL SELECT name, '', '', '' FROM forkjoin.queue_migrations
ORDER BY 1, 2, 3, 4
"""


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True, options="-c search_path=forkjoin") as con:
        yield con


def format_1(tmp_path: Path) -> str:
    """A database as the first forkjoin left it, with one waiting run in it."""
    url = new_database(empty=True)
    with opened_here(tmp_path / "laptop") as runtime:
        runtime.commands.start("release_approval", run_id="r")
        documents = list(runtime.store.documents.export())
    with connected(url) as con:
        con.execute("CREATE SCHEMA forkjoin")
        con.execute((FOLDER / "schema_1.sql").read_bytes())
        con.execute(SchemaManager.get_schema())
        for table, number, doc in documents:
            text = orjson.dumps(doc).decode()
            if table == "runs":
                con.execute(
                    "INSERT INTO heads (id, number, revision, status, workflow, attention, held, labels, wake_at,"
                    " created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, false, '{}', %s, %s, %s)",
                    (
                        *(doc["id"], number, doc["revision"], doc["status"], doc["workflow"], doc["attention"]),
                        *(doc["next_wake_at"], doc["created_at"], doc["updated_at"]),
                    ),
                )
                con.execute("INSERT INTO runs VALUES (%s, %s)", (doc["id"], text))
            elif table == "branches":
                con.execute("INSERT INTO branches VALUES (%s, %s, %s, %s)", (doc["run_id"], doc["id"], number, text))
            elif table == "history":
                con.execute("INSERT INTO history VALUES (%s, %s, 1, %s)", (number, doc["run_id"], text))
            elif table == "flows":
                con.execute("INSERT INTO flows VALUES (%s, %s, %s)", (doc["hash"], number, text))
    return url


def test_a_store_of_format_1_is_refused_by_name_then_upgraded_and_its_run_goes_on(tmp_path: Path) -> None:
    url = format_1(tmp_path)
    with pytest.raises(StoreUnavailable, match=r"older format 1.*forkjoin store upgrade --store 'postgresql://"):
        open_store(url)
    with connected(url) as con:
        con.execute("INSERT INTO workers (name, host, beat_at, doc) VALUES ('mia:7', 'mia', clock_timestamp(), '{}')")
        with pytest.raises(Refused, match="mia:7 works on"):
            upgrade_store(url)
        assert con.execute("SELECT version FROM store_format").fetchone() == (1,), "nothing was touched"
        con.execute("UPDATE workers SET beat_at = beat_at - interval '1 minute'")
        con.execute("UPDATE heads SET owner = '1', owned_until = now() + interval '1 year'")
    assert f"from format 1 to {maintenance_lock.FORMAT}" in upgrade_store(url)
    with connected(url) as con:
        assert con.execute("SELECT count(*) FROM workers").fetchone() == (0,), "the silent one may save nothing more"
    with opened(url, tmp_path / "s") as runtime:
        assert runtime.json_views.show("r")["status"] == "pending"
        with workers(url, tmp_path / "s"):
            # Though the silent one had leased it.
            wait_for(lambda: runtime.store.runs.get("r").status != "pending")  # type: ignore[union-attr]


def test_a_fresh_store_and_an_upgraded_one_are_the_same(tmp_path: Path) -> None:
    old, fresh = format_1(tmp_path), new_database(empty=True)
    shapes = []
    for url in (old, fresh):
        upgrade_store(url)
        with connected(url) as con:
            shapes.append(con.execute(SCHEMA).fetchall())
    assert shapes[0] == shapes[1]


def test_two_upgrades_at_once_are_one(tmp_path: Path) -> None:
    for url in (format_1(tmp_path), new_database(empty=True)):
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(upgrade_store, [url] * 4))
        assert sum("already" in sentence for sentence in told) == 3, told
        open_store(url).close()


def test_a_step_that_fails_leaves_the_older_store_whole(tmp_path: Path) -> None:
    url = format_1(tmp_path)
    with connected(url) as con:
        con.execute("CREATE TABLE queue_migrations (mine text)")
        with pytest.raises(StoreUnavailable, match="Nothing was saved"):
            upgrade_store(url)
        assert con.execute("SELECT version FROM store_format").fetchone() == (1,)
        assert con.execute("SELECT id FROM heads").fetchall() == [("r",)]


def test_a_queue_of_an_older_procrastinate_is_caught_up(tmp_path: Path) -> None:
    url = new_database()
    migrations = queue_schema.installed()
    known = [name for name in migrations if name < "03.04"]
    with connected(url) as con:
        # The queue as procrastinate 3.3 made it.
        con.execute("ALTER SCHEMA forkjoin RENAME TO rest; CREATE SCHEMA forkjoin")
        folder = Path(SchemaManager.get_migrations_path())
        for name in known:
            con.execute((folder / name).read_bytes())
        for table in ("heads", "runs", "branches", "joins", "history", "polls", "acts", "holds", "schedules", "flows"):
            con.execute(f"ALTER TABLE rest.{table} SET SCHEMA forkjoin")
        con.execute(
            "ALTER TABLE rest.gone_workers SET SCHEMA forkjoin; ALTER TABLE rest.run_counts SET SCHEMA forkjoin"
        )
        for table in ("meta", "questions", "changes", "workers", "duties", "slots", "store_format", "queue_migrations"):
            con.execute(f"ALTER TABLE rest.{table} SET SCHEMA forkjoin")
        con.execute("DELETE FROM queue_migrations WHERE NOT name = ANY(%s)", (known,))
    with opened(url, tmp_path / "s") as runtime:
        runtime.commands.start("release_approval", run_id="r")
        assert runtime.json_views.show("r")["status"] == "pending", "who does not touch the queue goes on"
        store = runtime.store
        assert isinstance(store, PostgresStore)
        with pytest.raises(StoreUnavailable, match=r"lacks what the procrastinate.*03\.04\.00_01_pre.*store upgrade"):
            Cluster(store).join("w", "h", Heartbeat(), WorkerReport())
        assert "caught up with 2 migrations" in upgrade_store(url)
        assert "migrations" not in upgrade_store(url)
        with workers(url, tmp_path / "s"):
            wait_for(lambda: runtime.store.runs.get("r").status != "pending")  # type: ignore[union-attr]


def test_only_what_procrastinate_calls_incompatible_keeps_a_worker_out() -> None:
    url = new_database()
    store = open_store(url)
    assert isinstance(store, PostgresStore)
    cluster = Cluster(store)
    last = queue_schema.installed()[-1]
    with connected(url) as con:
        con.execute("DELETE FROM queue_migrations WHERE name = %s", (last,))
        assert "_post_" in last
        cluster.join("a post migration may come after the code", "h", Heartbeat(), WorkerReport())
        con.execute("INSERT INTO queue_migrations (name) VALUES (%s), ('04.00.00_01_pre_new.sql')", (last,))
        cluster.join("a pre migration may come before the code", "h", Heartbeat(), WorkerReport())
        con.execute("INSERT INTO queue_migrations (name) VALUES ('04.00.00_50_post_new.sql')")
        with pytest.raises(StoreUnavailable, match=r"newer procrastinate \(04\.00\.00_50.*Upgrade procrastinate"):
            cluster.join("w", "h", Heartbeat(), WorkerReport())
    store.close()


def test_no_worker_joins_while_the_store_stands_still_or_after_it_changed_its_format() -> None:
    store = open_store(new_database())
    assert isinstance(store, PostgresStore)
    cluster = Cluster(store)
    with maintenance_lock.standstill(store.database) as still:
        with pytest.raises(StoreUnavailable, match="being upgraded or copied"):
            cluster.join("w", "h", Heartbeat(), WorkerReport())
        with pytest.raises(Refused, match="Another upgrade or copy"), maintenance_lock.standstill(store.database):
            pass
        still.assure()
        with connected(store.database.dsn) as con:
            con.execute("SELECT pg_terminate_backend(%s)", (still.connection.info.backend_pid,))
        with pytest.raises(StoreUnavailable):
            still.assure()
    with connected(store.database.dsn) as con:
        con.execute("UPDATE store_format SET version = 99")
    with pytest.raises(StoreUnavailable, match="format 99 by now"):
        cluster.join("an old worker comes back", "h", Heartbeat(), WorkerReport())
    store.close()
