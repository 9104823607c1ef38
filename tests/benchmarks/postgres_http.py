"""`make bench-postgres-http`: workers on a durable PostgreSQL whose runs are two HTTP jobs each; what a save costs.

Runs and calls a second; and by save: statements, transactions, bytes of write-ahead log, processor time; then how many
updates were heap-only (no index was written), by table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.benchmarks.http_calls import binding
from tests.benchmarks.many_workers import STATE, number, processor_seconds, reader, store
from tests.benchmarks.postgres import DURABLE
from tests.postgres import Server
from tests.workers import workers, write_fork

CALLS_PER_RUN = 6
"""Two starts; each job is running at its first poll and completed at its second."""
LOADED = ("shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=top")
SAVES = "SELECT sum(revision) FROM heads"
HERE = "dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
STATEMENTS = f"SELECT sum(calls) FROM pg_stat_statements WHERE {HERE}"
TRANSACTIONS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
UPDATES = """
SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE n_tup_upd > 0 ORDER BY n_tup_upd DESC
"""
TOP = f"""
SELECT calls, rows, wal_bytes, total_exec_time, query FROM pg_stat_statements WHERE {HERE} ORDER BY %s DESC LIMIT 25
"""


@dataclass(frozen=True)
class Cost:
    """What so many runs took; everything but the rates is by save."""

    runs: float
    calls: float
    saves: float
    """Saves of one run until it is completed."""
    statements: float
    transactions: float
    log_bytes: float
    worker_ms: float
    postgres_ms: float
    updates: dict[str, tuple[int, int]]
    """By table: updated rows, and those among them that were heap-only."""

    @property
    def heap_only(self) -> float:
        """Share of all updates."""
        return sum(hot for _, hot in self.updates.values()) / max(1, sum(all_ for all_, _ in self.updates.values()))


@contextmanager
def job_server() -> Iterator[int]:
    """The port of a server of jobs in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.http_calls", "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def write_flow(folder: Path, port: int) -> None:
    """The workflow `fork`: two HTTP jobs, polled every 0.2 seconds, and their join."""
    task = {"task": binding(port), "poll": {"interval": 0.2}}
    write_fork(folder, "fork", {"one": task, "two": task})


def measured(
    server: Server, folder: Path, count: int, runs: int, *, places: int = 1_000, pace: float = 0.0, top: str = ""
) -> Cost:
    """So many workers carry so many runs, all there from the beginning or started at a `pace` a second.

    `places` bounds the calls at once; `top` prints the statements that are highest by calls, wal or time.
    """
    flows = folder / "flows"
    with job_server() as port, ExitStack() as stack:
        write_flow(flows, port)
        url, runtime = stack.enter_context(store(server, folder, flows))
        con = stack.enter_context(reader(url))
        con.execute("CREATE EXTENSION pg_stat_statements")
        runtime.commands.start("fork", STATE, "first", count=1 if pace else runs)
        saved = number(con, SAVES)
        con.execute("SELECT pg_stat_statements_reset(), pg_stat_reset()")
        with workers(
            url, folder, count, "--workflows", str(flows), more={"FORKJOIN_POLLS_PER_TARGET": str(places)}
        ) as processes:
            while number(con, SAVES) == saved:
                time.sleep(0.05)
            begun, log = time.monotonic(), number(con, LOG)
            ours = sum(processor_seconds(p.pid) for p in processes)
            theirs = processor_seconds(server.pid, children=True)
            looks = 0
            for one in range(runs - 1 if pace else 0):
                time.sleep(max(0.0, begun + one / pace - time.monotonic()))
                runtime.commands.start("fork", STATE, f"r{one}")
            while number(con, "SELECT count(*) FROM heads WHERE status = 'completed'") < runs:
                looks += 1
                time.sleep(0.1)
            took = time.monotonic() - begun
            ours = sum(processor_seconds(p.pid) for p in processes) - ours
            theirs = processor_seconds(server.pid, children=True) - theirs
            log = number(con, LOG) - log
            statements, transactions = number(con, STATEMENTS) - looks, number(con, TRANSACTIONS) - looks
            saves = number(con, SAVES) - saved
            if top:
                show(con, top, saves)
        time.sleep(0.2)
        con.execute("SELECT pg_stat_force_next_flush()")
        updates = {name: (all_, hot) for name, all_, hot in con.execute(UPDATES).fetchall()}
    return Cost(
        runs / took,
        runs * CALLS_PER_RUN / took,
        saves / runs,
        statements / saves,
        transactions / saves,
        log / saves,
        ours * 1e3 / saves,
        theirs * 1e3 / saves,
        updates,
    )


def show(con: psycopg.Connection, top: str, saves: int) -> None:
    """Print the statements that cost most."""
    order = {"calls": "calls", "wal": "wal_bytes", "time": "total_exec_time"}[top]
    for calls, rows, log, milliseconds, text in con.execute(TOP % order).fetchall():
        words = " ".join(text.split())[:90]
        share = f"{float(log) / saves:7.0f} B/save {milliseconds / saves:7.4f} ms/save"
        print(f"  {calls:7} calls {rows:7} rows {share}  {words}")


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--runs", type=int, default=1_000)
    asked.add_argument("--pace", type=float, default=0.0, help="runs started a second; 0: all before")
    asked.add_argument("--places", type=int, default=1_000, help="calls at once to the job server, over all workers")
    asked.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    asked.add_argument("--top", choices=("calls", "wal", "time"), default="")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    server = Server(settings=(*DURABLE, *LOADED))
    try:
        with tempfile.TemporaryDirectory() as name:
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; PostgreSQL durable, on the same machine")
            for count in given.workers:
                cost = measured(
                    server, Path(name) / f"workers{count}", count, given.runs, pace=given.pace, top=given.top
                )
                if given.json:
                    print(json.dumps(cost.__dict__))
                    continue
                print(
                    f"{count} workers: {cost.runs:.1f} runs/s, {cost.calls:.0f} calls/s, {cost.saves:.1f} saves a run; "
                    f"a save: {cost.statements:.2f} statements, {cost.transactions:.2f} transactions, "
                    f"{cost.log_bytes:,.0f} bytes of log, {cost.worker_ms:.2f} ms of workers, "
                    f"{cost.postgres_ms:.2f} ms of PostgreSQL; {cost.heap_only:.0%} of updates heap-only"
                )
                for table, (all_, hot) in cost.updates.items():
                    print(f"    {table:20} {all_:8} updates, {hot / all_:.0%} heap-only")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
