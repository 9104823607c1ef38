"""The storage layer beside raw SQLite at many runs: batch, single update, list, count, due, open."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import Save
from runtime.store.embedded.store import open_file
from runtime.store.run_document import run_document

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def timed(work: Callable[[], object], repeat: int) -> float:
    """Median seconds of some repetitions."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def storage(count: int) -> list[tuple[str, float, float]]:
    """Rows of (what, our seconds, raw seconds)."""
    import orjson

    with tempfile.TemporaryDirectory() as folder:
        file, raw_file = Path(folder) / "store.db", Path(folder) / "raw.db"
        runs = [
            Run(
                f"r{n}",
                "w",
                "f",
                "1",
                "h",
                NOW,
                NOW + timedelta(seconds=n),
                status=RunStatus.SLEEPING,
                revision=1,
                next_wake_at=NOW + timedelta(seconds=n),
                state={"text": "x" * 1_000},
            )
            for n in range(count)
        ]
        store = open_file(file)
        began = time.perf_counter()
        for start in range(0, count, 1_000):
            store.runs.save([Save(r, None) for r in runs[start : start + 1_000]])
        ours_batch = time.perf_counter() - began
        raw = sqlite3.connect(raw_file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            raw.execute(f"PRAGMA {pragma}")
        raw.execute(
            "CREATE TABLE runs(id TEXT PRIMARY KEY, status TEXT, wake REAL, updated REAL, revision INT, doc BLOB)"
        )
        raw.execute("CREATE INDEX wakes ON runs(wake)")
        raw.execute("CREATE INDEX updates ON runs(updated)")
        raw.execute("CREATE INDEX statuses ON runs(status)")
        documents = [
            (r.id, str(r.status), 1.0 * n, 1.0 * n, 1, orjson.dumps(run_document(r))) for n, r in enumerate(runs)
        ]
        began = time.perf_counter()
        for start in range(0, count, 1_000):
            raw.execute("BEGIN")
            raw.executemany("INSERT INTO runs VALUES(?,?,?,?,?,?)", documents[start : start + 1_000])
            raw.execute("COMMIT")
        raw_batch = time.perf_counter() - began
        revisions = iter(range(1, 10_000))
        raw_revisions = iter(range(1, 10_000))
        now = NOW + timedelta(seconds=200)

        def one() -> None:
            n = next(revisions)
            store.runs.save([Save(replace(runs[7], revision=n + 1), n)])

        def raw_one() -> None:
            n = next(raw_revisions)
            raw.execute("UPDATE runs SET revision=?, doc=? WHERE id='r7' AND revision=?", (n + 1, documents[7][5], n))

        def reopen() -> None:
            open_file(file).close()

        def raw_reopen() -> None:
            con = sqlite3.connect(raw_file)
            con.execute("SELECT 1 FROM runs LIMIT 1").fetchone()
            con.close()

        rows = [("batch of all", ours_batch, raw_batch), ("single update", timed(one, 300), timed(raw_one, 300))]
        raw_list = "SELECT doc FROM runs ORDER BY updated DESC LIMIT 200"
        raw_due = "SELECT id FROM runs WHERE wake<=200 ORDER BY wake LIMIT 500"
        pairs: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
            (
                "list 200",
                lambda: store.runs.query(order="updated_at", limit=200),
                lambda: [orjson.loads(d) for (d,) in raw.execute(raw_list)],
            ),
            (
                "count",
                store.listing.counts,
                lambda: raw.execute("SELECT status,count(*) FROM runs GROUP BY status").fetchall(),
            ),
            ("due", lambda: store.due_runs.due(now, 500), lambda: raw.execute(raw_due).fetchall()),
            ("open", reopen, raw_reopen),
        ]
        rows += [(name, timed(ours, 20), timed(bare, 20)) for name, ours, bare in pairs]
        store.close()
        raw.close()
    return rows
