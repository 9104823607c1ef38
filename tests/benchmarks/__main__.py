"""`python -m tests.benchmarks [--quick]`: a table of ratios and of the machine's noise; never asserted anywhere."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from tests.benchmarks import console
from tests.benchmarks.beside_writer import beside_writer
from tests.benchmarks.engine import engine, raw
from tests.benchmarks.peer_dbos import dbos
from tests.benchmarks.sleepers import lateness, memory_of
from tests.benchmarks.storage import storage


def spread(values: list[float]) -> str:
    """Median and, as the noise, least and most."""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:10,.0f}  ({ordered[0]:,.0f} to {ordered[-1]:,.0f})"


def cold(command: list[str]) -> float:
    """Median seconds of a whole process."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - began)
    return sorted(times)[3]


def runtime_beside_others(*, quick: bool) -> None:
    """DBOS, a flat-out writer, sleepers, a slow system."""
    peer = dbos(50 if quick else 300)
    print(f"DBOS on SQLite, as it comes    wakes/s {peer:10,.0f}" if peer else "DBOS is not installed (extra bench)")
    for name, value in beside_writer(10_000 if quick else 100_000, 5 if quick else 20).items():
        print(f"beside a flat-out writer  {name:20} {value:10,.1f}")
    sleepers = 20_000 if quick else 100_000
    print(f"memory of {sleepers:,} sleeping runs {memory_of(sleepers):.1f} MiB")
    runs, seconds = (300, 15.0) if quick else (1_000, 60.0)
    p50, p99, polls = lateness(runs, seconds)
    print(f"{polls:,} polls of {runs:,} runs: {p50 * 1e3:.1f} ms late in the middle, {p99 * 1e3:.1f} ms p99")
    takes = 3.0 if quick else 30.0
    slow50, slow99, polls = lateness(runs, seconds, takes)
    print(f"beside a system of {takes:g} s a poll: {slow50 * 1e3:.1f} ms, p99 {slow99 * 1e3:.1f} ms, {polls:,} polls")


def main() -> None:
    """Measure and print."""
    quick = "--quick" in sys.argv
    for runs in (1_000,) if quick else (1_000, 10_000):
        ours, bare = [], []
        for _ in range(3):
            rate, size = engine(runs)
            ours.append(rate)
            bare.append(raw(runs, size))
        share = sorted(ours)[1] / sorted(bare)[1]
        print(f"whole engine, {runs:6,} runs   durable wakes/s {spread(ours)}")
        print(f"raw SQLite in groups            wakes/s {spread(bare)}   engine is {share:.2f} of it")
    count = 10_000 if quick else 100_000
    print(f"storage at {count:,} runs      ours ms    raw ms   ratio")
    for name, ours_s, raw_s in storage(count):
        print(f"  {name:24} {ours_s * 1e3:9.2f} {raw_s * 1e3:9.2f} {ours_s / raw_s:7.2f}")
    with tempfile.TemporaryDirectory() as folder:
        listing = cold([sys.executable, "-m", "console", "--store", folder, "list"])
        bare_python = cold([sys.executable, "-c", "pass"])
    ratio = listing / bare_python
    print(f"cold forkjoin list {listing * 1e3:.0f} ms, bare Python {bare_python * 1e3:.0f} ms, ratio {ratio:.1f}")

    runtime_beside_others(quick=quick)
    if "--no-console" not in sys.argv:
        console.main((1_000, 100_000) if quick else (1_000, 100_000, 1_000_000))


if __name__ == "__main__":
    main()
