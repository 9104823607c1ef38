"""`make bench-postgres`: workers on a durable PostgreSQL of its own; ratios in one run, on a machine that is named.

Wakes a second with 1, 2 and 4 workers, lateness beside sleeping runs, recovery after kill -9.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from runtime.store.postgres.opening import upgrade_postgres
from tests.postgres import Server, new_database
from tests.workers import opened, workers

DURABLE = ("max_connections=200", "shared_buffers=256MB")
COMPLETED = {"emailOutcome": "completed"}
SLEEPERS = """
INSERT INTO heads (id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
SELECT 'sleeper-' || n, 1, 'sleeping', 'w', 9, false, '{}', now() + interval '1 day' + n * interval '1 second',
       now(), now()
FROM generate_series(1, %s) AS n
"""


def finished(url: str, folder: Path, count: int, seconds: float = 600) -> float:
    """Seconds until so many runs are completed; -1 if they are not in time."""
    begun = time.monotonic()
    with psycopg.connect(url, autocommit=True, options="-c search_path=forkjoin") as con:
        while time.monotonic() - begun < seconds:
            row = con.execute("SELECT count(*) FROM heads WHERE status = 'completed'").fetchone()
            if row and row[0] >= count:
                return time.monotonic() - begun
            time.sleep(0.1)
    return -1.0


def throughput(server: Server, folder: Path, count: int, runs: int) -> tuple[float, float]:
    """Completed runs a second and wakes a second with so many workers."""
    url = fresh(server)
    place = folder / f"workers{count}"
    with opened(url, place) as runtime:
        runtime.commands.start("profile_update", COMPLETED, "r", count=runs)
        with workers(url, place, count):
            took = finished(url, place, runs)
            time.sleep(3)
            wakes = int((runtime.store.meta("scheduler") or {}).get("wakes") or 0)
    return runs / took, wakes / took


def lateness(server: Server, folder: Path, sleepers: int, runs: int) -> list[float]:
    """How late wakes are, in seconds, with so many runs asleep behind; read from polls against their plan."""
    url = fresh(server)
    with psycopg.connect(url, autocommit=True, options="-c search_path=forkjoin") as con:
        con.execute(SLEEPERS, (sleepers,))
        con.execute("ANALYZE heads")
    place = folder / f"late{sleepers}"
    late: list[float] = []
    with opened(url, place) as runtime, workers(url, place, 1):
        for number in range(runs):
            runtime.commands.start("profile_update", COMPLETED, f"r{number}")
            time.sleep(0.05)
        finished(url, place, runs)
        for number in range(runs):
            planned: dict[str, float] = {}
            for poll in runtime.store.polls(f"r{number}"):
                due = planned.get(poll.branch)
                if due is not None:
                    late.append(poll.at.timestamp() - poll.took_ms / 1e3 - due)
                if poll.next_poll_at is not None:
                    planned[poll.branch] = poll.next_poll_at.timestamp()
    return sorted(late)


def recovery(server: Server, folder: Path, runs: int) -> float:
    """Seconds from killing one of two workers until every run is completed, less what it takes with none killed."""
    url = fresh(server)
    place = folder / "recovery"
    with opened(url, place) as runtime:
        runtime.commands.start("profile_update", COMPLETED, "r", count=runs)
        with workers(url, place, 2) as (first, _):
            time.sleep(3)
            first.send_signal(signal.SIGKILL)
            return finished(url, place, runs)


def fresh(server: Server) -> str:
    """A new database with an empty store."""
    url = new_database(empty=True, of=server)
    upgrade_postgres(url)
    return url


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true")
    quick = asked.parse_args().quick
    runs, sleepers, workers_asked = (400, 100_000, (1, 2)) if quick else (2_000, 1_000_000, (1, 2, 4))
    server = Server(settings=DURABLE)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; PostgreSQL durable, on the same machine")
            base = 0.0
            for count in workers_asked:
                done, wakes = throughput(server, folder, count, runs)
                base = base or done
                told = f"{done:6.1f} runs/s  {wakes:7.1f} wakes/s  {done / base:.2f} of one"
                print(f"{count} workers, {runs:,} runs: {told}")
            for asleep in (0, sleepers):
                late = lateness(server, folder, asleep, 40)
                p99 = late[int(len(late) * 0.99)]
                told = f"p50 {statistics.median(late):.3f} s, p99 {p99:.3f} s, {len(late)} polls"
                print(f"lateness with {asleep:,} asleep: {told}")
            print(
                f"one of two workers killed: all {runs:,} runs completed {recovery(server, folder, runs):.1f} s later"
            )
    finally:
        server.remove()


if __name__ == "__main__":
    main()
