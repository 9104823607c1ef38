"""A wake that waits for a save of the same run takes nothing of that save back."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace

from runtime.assembly.location import open_store
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import Save
from runtime.store.postgres.queries import sql
from runtime.store.postgres.saving import write_heads
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database

pytestmark = pytest.mark.xdist_group("postgres")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_wake_that_waited_for_a_save_keeps_what_was_saved() -> None:
    url = new_database()
    store, other = open_store(url), open_store(url)
    assert isinstance(store, PostgresStore) and isinstance(other, PostgresStore)
    later = NOW + timedelta(hours=1)
    run = Run("r", "w", "f", "1", "h", NOW, NOW, status=RunStatus.SLEEPING, revision=1, next_wake_at=later)
    store.runs.save([Save(run, None)])
    waking = threading.Thread(target=other.due_runs.wake, args=(["r"], NOW))
    with store.database.connection() as con, con.transaction():
        saved = replace(run, revision=2, why="moved on", next_wake_at=later)
        write_heads(con, [Save(saved, 1)])
        waking.start()
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        with psycopg.connect(url, autocommit=True) as reader:
            while reader.execute(waits).fetchone() == (0,):
                time.sleep(0.01)
    waking.join(10)
    found = store.runs.get("r")
    assert found is not None
    assert (found.revision, found.why, found.next_wake_at) == (2, "moved on", NOW)
    with store.database.connection() as con:
        assert con.execute(sql("lock_heads"), (["r"],)).fetchone() == ("r", 2)
    assert store.runs.save([Save(replace(found, revision=3), 2)]) == []
    store.close()
    other.close()
