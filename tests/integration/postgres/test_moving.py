"""A laptop's store with runs in flight goes to PostgreSQL, is driven by two workers, and comes back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.assembly.copying import copy_store, upgrade_store
from runtime.assembly.location import open_store
from runtime.errors import Refused, StoreUnavailable
from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.operations.queries.doctor import examined
from runtime.settings import Settings
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.store import PostgresStore
from tests.postgres import new_database, server
from tests.scheduling import opened as opened_here
from tests.scheduling import scheduler
from tests.workers import jobs, opened, wait_for, workers

pytestmark = pytest.mark.xdist_group("postgres")


def quiet(table: str, done: int, of: int) -> None:
    assert 0 <= done <= of, table


def test_runs_in_flight_move_to_two_workers_and_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    laptop, url = tmp_path / "laptop", new_database(empty=True)
    with opened_here(laptop) as runtime:
        runtime.commands.start(
            "profile_update", {"emailOutcome": "completed", "emailDuration": "6 seconds"}, "r", count=12
        )
        with scheduler(laptop):
            wait_for(lambda: jobs(laptop) == 24)
            with pytest.raises(Refused, match="scheduler works"):
                copy_store(Settings(), str(laptop), url, quiet)
        open_before = {r.id: r.revision for r in runtime.store.runs.query(limit=None)}
    with pytest.raises(StoreUnavailable, match="store upgrade"):
        open_store(url)
    moved = copy_store(Settings(), str(laptop), url, quiet)
    assert moved.tables["runs"][0] == 12
    with pytest.raises(Refused, match="already"):
        copy_store(Settings(), str(laptop), new_database(), quiet)
    with opened(url, tmp_path / "elsewhere") as runtime:
        assert {r.id: r.revision for r in runtime.store.runs.query(limit=None)} == open_before
        with workers(url, tmp_path / "elsewhere", 2):
            wait_for(lambda: runtime.store.listing.counts() == {"completed": 12}, 60)
    assert jobs(laptop) == 24, "the work that was under way was found again, none was started anew"
    done = subprocess.run(
        [sys.executable, "-m", "runtime", "--until-idle"],
        env={**os.environ, "FORKJOIN_STORE": str(laptop)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 4
    assert "were moved to" in done.stderr
    with opened_here(laptop) as runtime:
        why = runtime.queries.why("r-0001").sentences
        assert any("were moved to" in s for s in why) and not any("Run forkjoin" in s for s in why)
        trouble = {c.name for c in examined(runtime.queries, laptop) if not c.ok}
        assert "moved" in trouble and "scheduler" not in trouble
    back = copy_store(Settings(), url, str(tmp_path / "back"), quiet)
    assert back.tables["runs"][0] == 12
    with opened_here(tmp_path / "back") as runtime:
        assert runtime.store.listing.counts() == {"completed": 12}
        assert len(runtime.json_views.history("r-0001")) > 5


def test_an_interrupted_copy_goes_on_and_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    url = new_database(empty=True)
    with opened_here(tmp_path / "laptop") as runtime:
        runtime.commands.start("release_approval", run_id="r", count=5)

    def pull_the_plug(table: str, done: int, of: int) -> None:
        if table == "branches" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(Settings(), str(tmp_path / "laptop"), url, pull_the_plug)
    assert copy_store(Settings(), str(tmp_path / "laptop"), url, quiet).tables["runs"][0] == 5
    open_store(tmp_path / "other").close()
    with pytest.raises(Refused, match="runs of its own"):
        copy_store(Settings(), str(tmp_path / "other"), url, quiet)
    store = open_store(url)
    assert isinstance(store, PostgresStore)
    Cluster(store).join("busy", "h", Heartbeat(), WorkerReport())
    with pytest.raises(Refused, match="busy works on"):
        copy_store(Settings(), url, str(tmp_path / "new"), quiet)
    store.close()


def test_a_database_without_or_with_another_format_is_refused_with_what_to_do() -> None:
    url = new_database(empty=True)
    with pytest.raises(StoreUnavailable, match=r"no store in .* yet"):
        open_store(url)
    assert "Made a store" in upgrade_store(url)
    assert "already" in upgrade_store(url)
    store = open_store(url)
    assert isinstance(store, PostgresStore)
    with store.database.connection() as con:
        con.execute("UPDATE store_format SET version = 99")
    store.close()
    with pytest.raises(StoreUnavailable, match="newer forkjoin"):
        open_store(url)
    with pytest.raises(StoreUnavailable, match="newer than"):
        upgrade_store(url)
    with pytest.raises(StoreUnavailable, match=r"does not exist\. Nothing was saved; check the URL"):
        open_store(server().url("nowhere"))
    with pytest.raises(StoreUnavailable, match="secret") as told:
        open_store("postgresql://mia:hush@127.0.0.1:1/secret")
    assert "hush" not in told.value.message
