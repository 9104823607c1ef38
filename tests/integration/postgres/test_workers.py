"""Workers as processes on one PostgreSQL: they share runs, die, are cut off, and nothing is lost or done twice."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from runtime.model.heartbeat import Heartbeat, WorkerReport
from tests.postgres import DURABLE, new_database, own_server
from tests.workers import Fleet, jobs, opened, wait_for, workers, workers_told

pytestmark = pytest.mark.xdist_group("postgres")


def test_two_workers_share_runs_and_hear_an_operator_at_once(tmp_path: Path) -> None:
    url = new_database()
    with opened(url, tmp_path / "s") as runtime, workers(url, tmp_path / "s", 2):
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=20)
        wait_for(lambda: runtime.store.listing.counts() == {"completed": 20}, 60)
        wait_for(lambda: len((runtime.store.facts.get("scheduler") or {}).get("workers", ())) == 2)
        assert jobs(tmp_path / "s") == 40
        runtime.commands.start("release_approval", run_id="later")
        wait_for(lambda: runtime.store.runs.get("later").status != "pending", 5)  # type: ignore[union-attr]
        runtime.commands.cancel("later", reason="not today")
        assert runtime.json_views.show("later")["status"] == "cancelled"


def test_killed_workers_lose_nothing_and_start_nothing_twice(tmp_path: Path) -> None:
    url = new_database()
    folder = tmp_path / "s"
    with opened(url, folder) as runtime:
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=100)
        with workers(url, folder, 2) as first:
            wait_for(lambda: jobs(folder) > 20)
            for process in first:
                process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        before = sum(n for s, n in runtime.store.listing.counts().items() if s != "completed")
        assert before, "they were killed in the middle"
        with workers(url, folder, 2):
            wait_for(lambda: runtime.store.listing.counts() == {"completed": 100}, 60)
        assert time.monotonic() - killed < 60
        assert all(run.failed_branches == 0 for run in runtime.store.runs.query(limit=None))
    assert jobs(folder) == 200, "each external job was started once"


def test_a_database_that_crashes_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    with own_server(settings=DURABLE) as server:
        url = server.url("postgres")
        with opened(url, folder) as runtime, workers(url, folder, 1) as (process,):
            runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=30)
            wait_for(lambda: jobs(folder) > 5)
            server.stop(signal.SIGQUIT)
            time.sleep(1)
            server.start()
            wait_for(lambda: runtime.store.listing.counts() == {"completed": 30}, 60)
            assert process.poll() is None, "the worker lived through it"
    assert jobs(folder) == 60


def test_a_worker_that_was_taken_out_may_save_nothing_more(tmp_path: Path) -> None:
    from runtime.assembly.location import open_store
    from runtime.errors import LostRight
    from runtime.store.postgres.cluster import Cluster
    from runtime.store.postgres.store import PostgresStore

    url = new_database()
    zombie, other = open_store(url), open_store(url)
    assert isinstance(zombie, PostgresStore) and isinstance(other, PostgresStore)
    cut, alive = Cluster(zombie, call_seconds=0.0), Cluster(other)
    cut.join("cut", "h1", Heartbeat(), WorkerReport())
    alive.join("alive", "h2", Heartbeat(), WorkerReport())
    assert cut.take_duty("duties", 60) and not alive.take_duty("duties", 60)
    assert sorted(cut.take_slots("http:a", 3, 2, 60)) == [1, 2], "no more than the bound"
    assert alive.take_slots("http:a", 1, 2, 60) == []
    with zombie.database.connection() as con:
        con.execute("UPDATE workers SET beat_at = beat_at - interval '1 hour' WHERE number = %s", (cut.number,))
    assert alive.evict_silent() == ["cut"]
    assert not cut.take_duty("duties", 60) and cut.take_slots("http:a", 1, 2, 60) == []
    assert alive.take_duty("duties", 60)
    assert sorted(alive.take_slots("http:a", 9, 2, 60)) == [1, 2]
    with pytest.raises(LostRight):
        cut.beat(Heartbeat(), WorkerReport(), None)
    with opened(url, tmp_path / "s") as runtime:
        runtime.commands.start("release_approval", run_id="r")
    run = other.runs.get("r")
    assert run is not None
    from msgspec.structs import replace

    from runtime.model.stored import Save

    with pytest.raises(LostRight):
        zombie.due_runs.claim(["r"], cut.owner, run.created_at, run.created_at)
    with pytest.raises(LostRight):
        zombie.runs.save([Save(replace(run, revision=run.revision + 1, why="zombie"), run.revision)])
    assert other.runs.get("r") == run
    zombie.close()
    other.close()


def test_a_worker_passes_on_what_it_may_not_reach(tmp_path: Path) -> None:
    url = new_database()
    folder = tmp_path / "s"
    with opened(url, folder) as runtime:
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r")
        with workers(url, folder, 1, "--systems", "http"):
            wait_for(lambda: runtime.store.runs.get("r").status != "pending", 20)  # type: ignore[union-attr]
            time.sleep(1)
            assert not (folder / "simulated.db").exists(), "it called what it may not reach"
            with workers(url, folder, 1, "--systems", "simulated"):
                wait_for(lambda: runtime.store.listing.counts() == {"completed": 1}, 40)
    assert jobs(folder) == 2


def test_each_worker_says_once_that_the_store_is_away_and_once_that_it_is_back(tmp_path: Path) -> None:
    with own_server() as server, Fleet(server.url("postgres"), tmp_path / "s") as fleet:
        with opened(server.url("postgres"), tmp_path / "s") as runtime:
            both = [fleet.add(), fleet.add()]
            wait_for(lambda: len(workers_told(runtime)) == 2)
        server.stop(signal.SIGQUIT)
        wait_for(lambda: all("worker.store_unavailable" in fleet.log(p) for p in both))
        time.sleep(2)  # Away for a while: time enough to say something wrong.
        server.start()
        wait_for(lambda: all("worker.store_back" in fleet.log(p) for p in both))
        for process in both:
            told = fleet.log(process)
            assert told.count("worker.store_unavailable") == told.count("worker.store_back") == 1, told
