"""Console-like reads and acts beside a flat-out writer: their times, errors, the size of the log."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runtime.assembly.runtime import open_runtime
from runtime.errors import ForkjoinError
from runtime.settings import Settings
from tests.benchmarks.console import filled, percentile

WRITER = """
import sys, time
from msgspec.structs import replace
from runtime.model.stored import Save
from runtime.assembly.location import open_store
store = open_store(sys.argv[1])
until, n = time.time() + float(sys.argv[2]), 0
runs = store.runs.query(limit=200)
while time.time() < until:
    runs = [replace(r, revision=r.revision + 1, why=f"turn {n}") for r in runs]
    store.runs.save([Save(r, r.revision - 1) for r in runs])
    n += 1
print("SAVES", n * len(runs))
"""


def beside_writer(count: int, seconds: float) -> dict[str, float]:
    """Milliseconds of lists and acts, errors, and the log's largest size, over a store of so many runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder, count)
        runtime = open_runtime(Settings.load({"store": name}, env={}))
        for number in range(20):
            runtime.commands.start("release_approval", {}, f"held-{number}")
        writer = subprocess.Popen([sys.executable, "-c", WRITER, name, str(seconds)], stdout=subprocess.PIPE, text=True)
        lists, acts, errors, log_size, turn = [], [], 0, 0, 0
        while writer.poll() is None:
            began = time.perf_counter()
            runtime.store.runs.query(order="attention", descending=False, limit=50)
            runtime.store.listing.counts()
            lists.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
            try:
                runtime.commands.ack(f"held-{turn % 20}", note=str(turn))
            except ForkjoinError:
                errors += 1
            acts.append((time.perf_counter() - began) * 1e3)
            wal = folder / "store.db-wal"
            log_size = max(log_size, wal.stat().st_size if wal.exists() else 0)
            turn += 1
            time.sleep(0.02)
        output = writer.communicate()[0]
        runtime.close()
    saves = float(output.split()[1]) if output else 0.0
    return {
        "writer saves/s": saves / seconds,
        "list p50 ms": percentile(lists, 0.5),
        "list p99 ms": percentile(lists, 0.99),
        "act p50 ms": percentile(acts, 0.5),
        "act p99 ms": percentile(acts, 0.99),
        "errors": errors,
        "log at most MiB": log_size / 2**20,
    }
