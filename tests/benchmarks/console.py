"""The console over stores of 1,000 to 1,000,000 runs: first rows, keys, bytes, CPU, memory.

The goals are in docs/console.md, Speed.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from runtime.assembly.runtime import open_runtime
from runtime.settings import Settings
from tests.benchmarks.pty_console import PtyConsole

KEYS = {"Down": (b"\x1b[B",), "PageDown": (b"\x1b[6~",), "End_and_Home": (b"G", b"\x1b[H")}
CHANGE = """
import sqlite3, sys, time, orjson
con = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
rate, seconds, begun = int(sys.argv[2]), float(sys.argv[3]), time.time()
ids = [r for (r,) in con.execute("SELECT doc_id FROM t_runs ORDER BY attention, updated_ts DESC LIMIT 40")]
turn = 0
while time.time() - begun < seconds:
    con.execute("BEGIN IMMEDIATE")
    for n in range(max(1, rate // 10)):
        number = ids[(turn + n) % len(ids)]
        doc = orjson.loads(con.execute("SELECT doc FROM t_runs WHERE doc_id=?", (number,)).fetchone()[0])
        doc["why"] = f"change {turn} {n}"
        con.execute("UPDATE t_runs SET doc=? WHERE doc_id=?", (orjson.dumps(doc), number))
    con.execute("COMMIT")
    turn += 1
    time.sleep(0.1)
"""


def filled(folder: Path, count: int) -> None:
    """A store with so many copies of one run."""
    runtime = open_runtime(Settings.load({"store": str(folder)}, env={}))
    runtime.commands.start("profile_update", {}, "template")
    runtime.close()
    con = sqlite3.connect(folder / "store.db", isolation_level=None)
    columns = "id,status,workflow,revision,attention,held,wake_ts,created_ts,updated_ts,doc"
    row = list(con.execute(f"SELECT {columns} FROM t_runs").fetchone())
    document = orjson.loads(row[-1])
    now = datetime.now(UTC).timestamp()
    for start in range(0, count, 20_000):
        rows = []
        for n in range(start, min(start + 20_000, count)):
            name, at, rank = f"run-{n:07d}", now - n, 9 - (n % 400 == 0) * 9
            copy = {**document, "id": name, "attention": rank, "created_ts": at, "updated_ts": at}
            rows.append((name, *row[1:4], rank, row[5], now + 3_600 + n, at, at, orjson.dumps(copy)))
        con.execute("BEGIN")
        con.executemany(f"INSERT INTO t_runs({columns}) VALUES(?,?,?,?,?,?,?,?,?,?)", rows)
        con.execute("COMMIT")
    con.close()


def percentile(values: list[float], share: float) -> float:
    """The value below which so many lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(count: int) -> dict[str, float]:
    """Everything about one size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder, count)
        desk = PtyConsole([sys.executable, "-m", "console", "--store", name, "--read-only"], home=name)
        found: dict[str, float] = {"runs": count}
        try:
            found["first_rows_s"] = desk.read_until(b"run-0000000")
            desk.read(1.5)
            for key, codes in KEYS.items():
                firsts, lasts, sizes = [], [], []
                for number in range(100 if key == "Down" else 20):
                    first, last, size = desk.key(codes[number % len(codes)])
                    firsts.append(first)
                    lasts.append(last)
                    sizes.append(size)
                found[f"{key}_p50_ms"], found[f"{key}_p99_ms"] = percentile(firsts, 0.5), percentile(firsts, 0.99)
                found[f"{key}_all_p50_ms"] = percentile(lasts, 0.5)
                found[f"{key}_bytes"] = percentile([float(s) for s in sizes], 0.5)
            desk.key(b"\x1b[H")
            desk.read(7)
            for label, rate in (("idle", 0), ("20_a_s", 20), ("5000_a_s", 5_000)):
                writer = (
                    subprocess.Popen([sys.executable, "-c", CHANGE, str(folder / "store.db"), str(rate), "8"])
                    if rate
                    else None
                )
                cpu, began = desk.cpu(), time.perf_counter()
                size = desk.read(8)
                spent = time.perf_counter() - began
                found[f"{label}_bytes_per_s"] = size / spent
                found[f"{label}_cpu_percent"] = 100 * (desk.cpu() - cpu) / spent
                if writer is not None:
                    writer.wait()
            found["memory_mib"] = desk.memory()
        finally:
            desk.close()
    return found
