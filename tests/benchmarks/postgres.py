"""`make bench-postgres`: workers on a durable PostgreSQL of its own, beside DBOS on the same; ratios in one run.

Wakes a second with 1, 2 and 4 workers, what a wake costs, lateness beside sleeping runs, takeover after kill -9.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from tests.benchmarks.many_workers import Rate, lateness, takeover, throughput
from tests.benchmarks.peer_dbos import dbos
from tests.postgres import Server, new_database

DURABLE = ("max_connections=200", "shared_buffers=256MB")
CONCURRENCY = 100
"""Runs a worker has in hand at most, and threads of DBOS."""


def carried(server: Server, folder: Path, runs: int, counts: tuple[int, ...]) -> Rate:
    """Throughput by number of workers; gives that of one."""
    found: dict[int, Rate] = {}
    for count in counts:
        rate = found[count] = throughput(server, folder / f"workers{count}", count, runs)
        print(
            f"{count} workers {rate.runs:7.1f} runs/s {rate.wakes:8.1f} wakes/s  {rate.runs / found[1].runs:.2f} of one"
            f"; a wake costs {rate.workers_ms:.2f} ms of workers and {rate.postgres_ms:.2f} ms of PostgreSQL"
        )
    return found[1]


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true")
    quick = asked.parse_args().quick
    runs, sleepers = (1_000, 100_000) if quick else (5_000, 1_000_000)
    server = Server(settings=DURABLE)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; PostgreSQL durable, on the same machine")
            print(f"{runs:,} runs that start two, sleep, poll, sleep, poll, join")
            one = carried(server, folder, runs, (1, 2) if quick else (1, 2, 4))
            peer = dbos(runs // 5, new_database(empty=True, of=server), CONCURRENCY)
            if peer is None:
                print("DBOS is not installed (extra bench)")
            else:
                told = f"{peer / 3:7.1f} runs/s {peer:8.1f} wakes/s"
                print(f"DBOS, {CONCURRENCY} threads {told}; one worker is {one.wakes / peer:.1f} of it")
            for asleep in (0, sleepers):
                late = lateness(server, folder / f"late{asleep}", asleep, 100)
                p99 = late[int(len(late) * 0.99)]
                told = f"p50 {statistics.median(late):.3f} s, p99 {p99:.3f} s, {len(late)} polls"
                print(f"lateness with {asleep:,} asleep: {told}")
            had, first, last = takeover(server, folder / "takeover", runs)
            print(
                f"a killed worker had {had} runs: the first moved on after {first:.1f} s, the last after {last:.1f} s"
            )
    finally:
        server.remove()


if __name__ == "__main__":
    main()
