"""The primary dies for good and a standby takes its place: workers and operators find it by the same URL."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from runtime.assembly.location import open_store
from runtime.errors import StoreUnavailable
from runtime.store.postgres.opening import upgrade_postgres
from tests.postgres import Server, server
from tests.workers import jobs, opened, wait_for, workers

pytestmark = pytest.mark.xdist_group("postgres")
# What was acknowledged is on both: else a failover loses acknowledged writes, and no program can help.
PRIMARY = ("fsync=off", "max_connections=100", "shared_buffers=64MB", "wal_level=replica")


@contextmanager
def pair() -> Iterator[tuple[Server, Server, str]]:
    """A primary with a store, its synchronous standby, and the URL that names both."""
    server()  # Skips where there are no binaries.
    primary = Server(settings=PRIMARY)
    made = [primary]
    try:
        upgrade_postgres(primary.url("postgres"))
        standby = Server(settings=PRIMARY, follows=primary)
        made.append(standby)
        with psycopg.connect(primary.url("postgres"), autocommit=True) as con:
            con.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            con.execute("SELECT pg_reload_conf()")
            wait_for(lambda: con.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone())
        hosts = f"host={primary.folder},{standby.folder}&port=5432,5432"
        yield primary, standby, f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write"
    finally:
        for one in reversed(made):
            one.remove()


def promote(standby: Server) -> None:
    with psycopg.connect(standby.url("postgres"), autocommit=True) as con:
        con.execute("ALTER SYSTEM RESET synchronous_standby_names")
        con.execute("SELECT pg_promote(), pg_reload_conf()")


def test_runs_go_on_where_they_were_when_a_standby_takes_over(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    with pair() as (primary, standby, url):
        with opened(url, folder) as runtime, workers(url, folder, 2) as processes:
            wait_for(lambda: len((runtime.store.facts.get("scheduler") or {}).get("workers", ())) == 2)
            runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=40)
            wait_for(lambda: jobs(folder) > 10)
            before = {run.id for run in runtime.store.runs.query(limit=None)}
            primary.stop(signal.SIGQUIT)
            with pytest.raises(StoreUnavailable, match=r"Nothing was saved|not known whether"):
                runtime.commands.start("profile_update", run_id="lost")
            promote(standby)
            wait_for(lambda: runtime.store.listing.counts().get("completed") == 40, 90)
            assert {run.id for run in runtime.store.runs.query(limit=None)} >= before
            runtime.commands.start("release_approval", run_id="later")
            wait_for(lambda: runtime.store.runs.get("later").status != "pending", 20)  # type: ignore[union-attr]
            assert all(process.poll() is None for process in processes)
            wait_for(lambda: jobs(folder) > 80)
        reader = open_store(url, read_only=True)
        assert reader.runs.get("later") is not None
        reader.close()
    assert jobs(folder) == 81, "each external job was started once, and that of the approval"
