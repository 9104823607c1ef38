"""Durable wakes a second of the whole engine, beside a raw SQLite program that writes the same bytes in groups."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.draft import Situation
from runtime.external.base import Call
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.model.task import Completed, Running, Started
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.limits import LocalLimits
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import open_file

WAKES_PER_RUN = 3
GROUP = 500


class Instant:
    """External work that answers at once: running at the first poll, completed at the second."""

    name = "instant"

    def __init__(self) -> None:
        self.polled: dict[str, int] = {}

    async def start(self, call: Call) -> Started:
        return Started(call.request.idempotency_key)

    async def poll(self, call: Call) -> Running | Completed:
        key = call.request.idempotency_key
        self.polled[key] = self.polled.get(key, 0) + 1
        return Running(0.5) if self.polled[key] == 1 else Completed({"ok": True})


def flow() -> dict[str, object]:
    """Start two, sleep, poll, sleep, poll, join."""
    work = {"metadata": {"poll": {"interval": 10}}, "type": "task"}
    steps = [
        {"id": "begin", "name": "begin", "type": "begin"},
        {"id": "a", "name": "a", **work},
        {"id": "b", "name": "b", **work},
        {"id": "join", "name": "join", "type": "decision"},
        {"id": "end", "name": "end", "type": "end"},
    ]
    ways = (("begin", "a"), ("begin", "b"), ("a", "join"), ("b", "join"), ("join", "end"))
    return {
        "id": "bench",
        "name": "bench",
        "version": "1",
        "globalStateSchema": {"type": "object"},
        "globalState": {"text": "x" * 1_000},
        "steps": steps,
        "connections": [{"id": f"c{n}", "sourceStepId": a, "targetStepId": b} for n, (a, b) in enumerate(ways)],
    }


def instant() -> tuple[Program, Performer]:
    """The flow bound to work that answers at once."""
    made = flow_from_stored(flow())
    bindings = {s: Binding("instant") for s in ("a", "b")}
    program = Program("bench", made, FlowGraph(made.steps, made.connections), bindings)
    return program, Performer({"instant": Instant()}, Catalog([]), ManualClock())  # type: ignore[dict-item]


async def play(folder: Path, runs: int, program: Program, performer: Performer) -> tuple[float, int]:
    """Seconds until so many runs are completed, and the bytes of their documents."""
    made = program.flow
    clock = ManualClock()
    store = open_file(folder / "store.db")
    now = clock.now()
    heads = [
        Run(f"r{n}", "bench", "bench", "1", made.hash, now, now, state=dict(made.global_state)) for n in range(runs)
    ]
    store.runs.save([new_run(head, Situation(program, now)) for head in heads])
    advancer = Advancer(lambda _: (program, None), clock)
    loop = WakeLoop(store, advancer, Calls(performer.perform, clock, LocalLimits(100_000)), clock, batch=GROUP)
    began = time.perf_counter()
    for _ in range(WAKES_PER_RUN):
        while await loop.turn() or loop.in_flight:
            if loop.in_flight and not loop.calls.result_arrived.is_set():
                await loop.calls.result_arrived.wait()
        clock.move(10.5)
    took = time.perf_counter() - began
    assert store.listing.counts() == {"completed": runs}, store.listing.counts()
    size = sum(
        store.database.rows.con.execute(f"SELECT coalesce(sum(length(doc)),0) FROM t_{t}").fetchone()[0]
        for t in ("runs", "branches", "history", "polls")
    )
    store.close()
    return took, size


def engine(runs: int) -> tuple[float, int]:
    """Durable wakes a second over so many runs, and the bytes of their documents."""
    with tempfile.TemporaryDirectory() as folder:
        took, size = asyncio.run(play(Path(folder), runs, *instant()))
    return runs * WAKES_PER_RUN / took, size


def raw(runs: int, size: int) -> float:
    """Wakes a second of a bare program: read a due run, write its share of the same bytes, in groups."""
    share = b"x" * (size // (runs * WAKES_PER_RUN))
    with tempfile.TemporaryDirectory() as folder:
        con = sqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        con.execute("PRAGMA journal_mode=WAL")
        con.execute("PRAGMA synchronous=FULL")
        con.execute("CREATE TABLE runs(id INTEGER PRIMARY KEY, wake REAL, doc BLOB)")
        con.execute("CREATE INDEX due ON runs(wake)")
        con.execute("CREATE TABLE log(run INTEGER, doc BLOB)")
        con.execute("BEGIN")
        con.executemany("INSERT INTO runs VALUES(?,0,?)", [(n, share) for n in range(runs)])
        con.execute("COMMIT")
        began = time.perf_counter()
        for wake in range(1, WAKES_PER_RUN + 1):
            while ids := con.execute("SELECT id, doc FROM runs WHERE wake<? LIMIT ?", (wake, GROUP)).fetchall():
                con.execute("BEGIN IMMEDIATE")
                con.executemany("UPDATE runs SET wake=?, doc=? WHERE id=?", [(wake, share, i) for i, _ in ids])
                con.executemany("INSERT INTO log VALUES(?,?)", [(i, share) for i, _ in ids])
                con.execute("COMMIT")
        took = time.perf_counter() - began
        con.close()
    return runs * WAKES_PER_RUN / took
