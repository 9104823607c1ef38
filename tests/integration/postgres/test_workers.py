"""Workers as processes on one PostgreSQL: they share runs, die, are cut off, and nothing is lost or done twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from runtime.assembly import Runtime, open_runtime
from runtime.model.act import Actor
from runtime.settings import Settings
from tests.postgres import new_database, own_server
from tests.scheduling import ROOT

pytestmark = pytest.mark.xdist_group("postgres")


def environment(url: str, folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FORKJOIN_")}
    ours = {"FORKJOIN_STORE": url, "FORKJOIN_DIRECTORY": str(folder), "PYTHONPATH": str(ROOT)}
    return kept | ours | dict(more or {})


@contextmanager
def workers(
    url: str, folder: Path, count: int = 1, *options: str, more: Mapping[str, str] | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many workers, stopped gracefully in the end if they still live."""
    code = "from console.cli.main import main; main()"
    with ExitStack() as stack:
        made = [
            subprocess.Popen(
                [sys.executable, "-c", code, "worker", *options],
                env=environment(url, folder, more),
                stdout=subprocess.DEVNULL,
                stderr=stack.enter_context((folder / f"worker{n}.log").open("ab")),
            )
            for n in range(count)
        ]
        try:
            yield made
        finally:
            for process in made:
                process.terminate()
            for process in made:
                process.wait(40)


@contextmanager
def opened(url: str, folder: Path, workflows: Path | None = None) -> Iterator[Runtime]:
    folder.mkdir(exist_ok=True)
    named = (str(workflows),) if workflows else ()
    settings = Settings.load({"store": url, "directory": str(folder), "workflows": named}, env={})
    runtime = open_runtime(settings, actor=Actor("tester"))
    try:
        yield runtime
    finally:
        runtime.close()


def wait_for(seen: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def jobs(folder: Path) -> int:
    """Jobs the simulated system has; it makes one for each key, however often it is asked to start it."""
    if not (folder / "simulated.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "simulated.db")) as con:
        made = con.execute("SELECT 1 FROM sqlite_master WHERE name = 'work'").fetchone()
        return int(con.execute("SELECT count(*) FROM work").fetchone()[0]) if made else 0


def test_two_workers_share_runs_and_hear_an_operator_at_once(tmp_path: Path) -> None:
    url = new_database()
    with opened(url, tmp_path / "s") as runtime, workers(url, tmp_path / "s", 2):
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=20)
        wait_for(lambda: runtime.store.counts() == {"completed": 20}, 60)
        wait_for(lambda: len((runtime.store.meta("scheduler") or {}).get("workers", ())) == 2)
        assert jobs(tmp_path / "s") == 40
        runtime.commands.start("release_approval", run_id="later")
        wait_for(lambda: runtime.store.get("later").status != "pending", 5)  # type: ignore[union-attr]
        runtime.commands.cancel("later", reason="not today")
        assert runtime.queries.show("later")["status"] == "cancelled"


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
        before = sum(n for s, n in runtime.store.counts().items() if s != "completed")
        assert before, "they were killed in the middle"
        with workers(url, folder, 2):
            wait_for(lambda: runtime.store.counts() == {"completed": 100}, 60)
        assert time.monotonic() - killed < 60
        assert all(run.failed_branches == 0 for run in runtime.store.query(limit=None))
    assert jobs(folder) == 200, "each external job was started once"


def test_a_database_that_crashes_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    with own_server() as server:
        url = server.url("postgres")
        with opened(url, folder) as runtime, workers(url, folder, 1) as (process,):
            runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=30)
            wait_for(lambda: jobs(folder) > 5)
            server.stop(signal.SIGQUIT)
            time.sleep(1)
            server.start()
            wait_for(lambda: runtime.store.counts() == {"completed": 30}, 60)
            assert process.poll() is None, "the worker lived through it"
    assert jobs(folder) == 60


def test_a_worker_that_was_taken_out_may_save_nothing_more(tmp_path: Path) -> None:
    from runtime.errors import LostRight
    from runtime.store.opening import open_store
    from runtime.store.postgres.cluster import Cluster
    from runtime.store.postgres.store import PostgresStore

    url = new_database()
    zombie, other = open_store(url), open_store(url)
    assert isinstance(zombie, PostgresStore) and isinstance(other, PostgresStore)
    cut, alive = Cluster(zombie), Cluster(other)
    cut.join("cut", "h1", {})
    alive.join("alive", "h2", {})
    assert cut.take_duty("duties", 60) and not alive.take_duty("duties", 60)
    assert sorted(cut.take_slots("http:a", 3, 2, 60)) == [1, 2], "no more than the bound"
    assert alive.take_slots("http:a", 1, 2, 60) == []
    with zombie.database.connection() as con:
        con.execute("UPDATE workers SET beat_at = beat_at - interval '1 hour' WHERE number = %s", (cut.number,))
    assert alive.bury() == ["cut"]
    assert alive.take_duty("duties", 60)
    assert sorted(alive.take_slots("http:a", 9, 2, 60)) == [1, 2]
    with pytest.raises(LostRight):
        cut.beat({}, None)
    with opened(url, tmp_path / "s") as runtime:
        runtime.commands.start("release_approval", run_id="r")
    run = other.get("r")
    assert run is not None
    from runtime.model.change import changed
    from runtime.store.base import Save

    with pytest.raises(LostRight):
        zombie.save([Save(changed(run, revision=run.revision + 1, why="zombie"), run.revision)])
    assert other.get("r") == run
    zombie.close()
    other.close()


def test_a_worker_passes_on_what_it_may_not_reach(tmp_path: Path) -> None:
    url = new_database()
    folder = tmp_path / "s"
    with opened(url, folder) as runtime:
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r")
        with workers(url, folder, 1, "--systems", "http"):
            wait_for(lambda: runtime.store.get("r").status != "pending", 20)  # type: ignore[union-attr]
            time.sleep(1)
            assert not (folder / "simulated.db").exists(), "it called what it may not reach"
            with workers(url, folder, 1, "--systems", "simulated"):
                wait_for(lambda: runtime.store.counts() == {"completed": 1}, 40)
    assert jobs(folder) == 2
