"""What workers on one PostgreSQL come to: runs a second, what a wake costs, its lateness, and takeover."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.model.act import Actor
from runtime.settings import Settings
from runtime.store.postgres.opening import upgrade_postgres
from tests.postgres import Server, new_database
from tests.workers import workers

FLOWS = Path(__file__).parent / "flows"
STATE = {"text": "x" * 1_000}
UNBOUND = {"FORKJOIN_POLLS_PER_TARGET": "1000"}
"""The calls are functions in the workers: there is no system that a bound would spare."""
TICKS = os.sysconf("SC_CLK_TCK")
SLEEPERS = """
INSERT INTO heads (id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
SELECT 'sleeper-' || n, 1, 'sleeping', 'w', 9, false, '{}', now() + interval '1 day' + n * interval '1 second',
       now(), now()
FROM generate_series(1, %s) AS n
"""


@dataclass(frozen=True)
class Rate:
    """Runs and wakes a second, and processor milliseconds a wake: of all workers, and of PostgreSQL."""

    runs: float
    wakes: float
    workers_ms: float
    postgres_ms: float


@contextmanager
def store(server: Server, folder: Path, flows: Path = FLOWS) -> Iterator[tuple[str, Runtime]]:
    """A new database with an empty store, and the operations over it."""
    url = new_database(empty=True, of=server)
    upgrade_postgres(url)
    folder.mkdir(exist_ok=True)
    settings = Settings.load({"store": url, "directory": str(folder), "workflows": (str(flows),)}, env={})
    runtime = open_runtime(settings, actor=Actor("bench"))
    try:
        yield url, runtime
    finally:
        runtime.close()


@contextmanager
def reader(url: str) -> Iterator[psycopg.Connection]:
    """A connection beside the workers."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=forkjoin") as con:
        yield con


def number(con: psycopg.Connection, query: str, *values: object) -> int:
    """The one number a query gives."""
    row = con.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def processor_seconds(pid: int, *, children: bool = False) -> float:
    """Processor time of a process, with `children` also of those it has now and had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    if not children:
        return ticks / TICKS
    ticks += int(fields[13]) + int(fields[14])
    for other in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = other.read_text().rpartition(")")[2].split()[1]
            if parent == str(pid):
                ticks += round(processor_seconds(int(other.parent.name)) * TICKS)
        except OSError:
            continue
    return ticks / TICKS


def throughput(server: Server, folder: Path, count: int, runs: int) -> Rate:
    """So many workers carry so many runs of `pair`; timed from their first wake to the last completed run."""
    with store(server, folder) as (url, runtime), reader(url) as con:
        runtime.commands.start("pair", STATE, "r", count=runs)
        with workers(url, folder, count, "--workflows", str(FLOWS), more=UNBOUND) as processes:
            while not number(con, "SELECT count(*) FROM heads WHERE status <> 'pending'"):
                time.sleep(0.01)
            begun = time.monotonic()
            before = [processor_seconds(p.pid) for p in processes], processor_seconds(server.pid, children=True)
            while number(con, "SELECT count(*) FROM heads WHERE status = 'completed'") < runs:
                time.sleep(0.05)
            took = time.monotonic() - begun
            ours = sum(processor_seconds(p.pid) - b for p, b in zip(processes, before[0], strict=True))
            theirs = processor_seconds(server.pid, children=True) - before[1]
            # A run is woken to start both, and then to poll both; several workers may poll once more (see the flow).
            wakes = runs + number(con, "SELECT count(*) FROM polls") / 2
    return Rate(runs / took, wakes / took, ours * 1e3 / wakes, theirs * 1e3 / wakes)


def lateness(server: Server, folder: Path, sleepers: int, runs: int) -> list[float]:
    """How late polls are, in seconds, with so many runs asleep behind; each against its plan."""
    late: list[float] = []
    with store(server, folder) as (url, runtime), reader(url) as con:
        con.execute(SLEEPERS, (sleepers,))
        con.execute("ANALYZE heads")
        with workers(url, folder, 1, "--workflows", str(FLOWS), more=UNBOUND):
            for one in range(runs):
                runtime.commands.start("pair", STATE, f"r{one}")
                time.sleep(0.05)
            while number(con, "SELECT count(*) FROM heads WHERE status = 'completed'") < runs:
                time.sleep(0.05)
        for one in range(runs):
            planned: dict[str, float] = {}
            for poll in runtime.store.ledger.polls(f"r{one}"):
                due = planned.get(poll.branch)
                if due is not None:
                    late.append(poll.at.timestamp() - poll.took_ms / 1e3 - due)
                if poll.next_poll_at is not None:
                    planned[poll.branch] = poll.next_poll_at.timestamp()
    return sorted(late)


def takeover(server: Server, folder: Path, runs: int) -> tuple[int, float, float]:
    """One of two workers is killed: how many runs it had, and seconds until the first and the last of them moved on."""
    with store(server, folder) as (url, runtime), reader(url) as con:
        runtime.commands.start("pair", STATE, "r", count=runs)
        with workers(url, folder, 2, "--workflows", str(FLOWS), more=UNBOUND) as (first, _):
            had: list[str] = []
            while not had:
                had = [i for (i,) in con.execute(HAD, (f"%:{first.pid}",)).fetchall()]
            first.send_signal(signal.SIGKILL)
            killed = time.monotonic()
            row = con.execute("SELECT clock_timestamp()").fetchone()
            moved: list[float] = []
            while len(moved) < len(had):
                done = number(con, MOVED, had, row[0] if row else None)
                moved += [time.monotonic() - killed] * (done - len(moved))
                time.sleep(0.05)
    return len(had), moved[0], moved[-1]


HAD = """
SELECT id FROM heads WHERE owner = (SELECT number::text FROM workers WHERE name LIKE %s)
"""
MOVED = "SELECT count(*) FROM heads WHERE id = ANY(%s) AND (updated_at > %s OR status = 'completed')"
