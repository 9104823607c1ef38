"""Two thousand runs while workers and the database are killed at random moments: nothing is lost or started twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from runtime.assembly.runtime import Runtime
from runtime.errors import StoreUnavailable
from runtime.model.stored import RunFilter
from tests.postgres import DURABLE, own_server
from tests.workers import Fleet, jobs, opened, wait_for, write_fork

pytestmark = pytest.mark.xdist_group("postgres")
RUNS = 2_000
WORKERS = 3
KILLS = ("worker", "worker", "worker", "all workers", "database", "database")
TASK = {"task": {"system": "simulated", "duration": "0.5 second"}, "poll": {"interval": "1 second"}}


def completed(runtime: Runtime) -> int:
    """Runs that have ended; 0 while the database cannot say."""
    try:
        return runtime.store.listing.counts().get("completed", 0)
    except StoreUnavailable:
        return 0


def reached(runtime: Runtime, folder: Path, moment: int) -> bool:
    """Whether so many jobs were started and runs completed together."""
    return jobs(folder) + completed(runtime) >= moment


def not_ended(runtime: Runtime) -> list[str]:
    found = runtime.store.runs.query(RunFilter(), limit=None)
    return [f"{r.id} {r.status} wakes {r.next_wake_at}: {r.why}" for r in found if r.status != "completed"]


def test_two_thousand_runs_end_whole_although_workers_and_the_database_are_killed(tmp_path: Path) -> None:
    seed = int(os.environ.get("FORKJOIN_TEST_SEED") or random.randrange(10**6))
    print(f"Repeat these kills with FORKJOIN_TEST_SEED={seed}")
    chance = random.Random(seed)
    kills = chance.sample(KILLS, len(KILLS))
    # Moments by what was started and what has ended, so that they fall into the work however quick it is.
    moments = sorted(chance.sample(range(RUNS // 10, 3 * RUNS), len(kills)))
    folder = tmp_path / "s"
    flows = write_fork(tmp_path / "flows", "pair", {"a": TASK, "b": TASK})
    with own_server(settings=DURABLE) as server, opened(server.url("postgres"), folder, flows) as runtime:
        runtime.commands.start("pair", run_id="r", count=RUNS)
        with Fleet(server.url("postgres"), folder, FORKJOIN_WORKFLOWS=str(flows)) as fleet:
            for _ in range(WORKERS):
                fleet.add()
            for kill, moment in zip(kills, moments, strict=True):
                wait_for(partial(reached, runtime, folder, moment), 90, lambda: not_ended(runtime))
                print(f"{kill} killed: {jobs(folder)} started, {completed(runtime)} completed")
                if kill == "database":
                    server.stop(signal.SIGQUIT)
                    server.start()
                    continue
                for process in [chance.choice(fleet.living)] if kill == "worker" else fleet.living:
                    fleet.kill(process)
                    fleet.add()
            wait_for(lambda: completed(runtime) == RUNS, 120, lambda: not_ended(runtime))
        check_whole(runtime, folder)


def check_whole(runtime: Runtime, folder: Path) -> None:
    """Every run has come to its one end, and every attempt to one job."""
    names = [f"r-{n:04d}" for n in range(1, RUNS + 1)]
    wrong: list[str] = []
    keys: Counter[str] = Counter()
    for stored in runtime.store.runs.load(names):
        kinds = Counter(entry.kind for entry in runtime.store.ledger.history(stored.run.id))
        attempts = [a for b in stored.branches.values() for v in b.steps for a in v.attempts]
        keys.update(a.idempotency_key for a in attempts)
        facts = (stored.run.status, stored.run.failed_branches, len(stored.firings), kinds["run_completed"])
        if facts != ("completed", 0, 1, 1) or len(attempts) != 2:
            wrong.append(f"{stored.run.id}: {facts}, {len(attempts)} attempts")
    assert not wrong
    assert len(keys) == 2 * RUNS and set(keys.values()) == {1}, "one key for each attempt"
    with closing(sqlite3.connect(folder / "simulated.db")) as con:
        started = {key for (key,) in con.execute("SELECT key FROM work")}
    assert started == set(keys), "one job for each key"
