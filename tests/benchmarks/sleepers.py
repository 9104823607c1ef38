"""Sleeping runs: their memory, how late their wakes come, and what one slow system does to the others."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.clock import SystemClock
from runtime.engine.advance import new_run
from runtime.engine.draft import Draft, Situation
from runtime.engine.plan import Action
from runtime.external.base import Call
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.model.task import Completed, Running, Started
from runtime.scheduler.single.alarm import Alarm
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import open_file
from tests.benchmarks.console import filled, percentile
from tests.benchmarks.engine import flow

POLL_SECONDS = 10.0


def memory() -> float:
    """Resident MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def memory_of(count: int) -> float:
    """MiB a wake loop grows by with so many sleepers in its store."""
    with tempfile.TemporaryDirectory() as name:
        filled(Path(name), count)
        before = memory()
        store = open_file(Path(name) / "store.db")

        async def look() -> None:
            clock = SystemClock()
            advancer = Advancer(lambda _: None, clock)  # type: ignore[arg-type,return-value]
            loop = WakeLoop(store, advancer, Calls(None, clock), clock)  # type: ignore[arg-type]
            for _ in range(3):
                store.due_runs.next_wake()
                await loop.turn()

        store.due_runs.wake([], SystemClock().now())
        con = store.database.rows.con
        con.execute("DELETE FROM t_runs WHERE id='template'")
        asyncio.run(look())
        grown = memory() - before
        store.close()
    return grown


class Patient:
    """Work that is running at every poll; polls take so long."""

    def __init__(self, name: str, takes: float) -> None:
        self.name = name
        self._takes = takes

    async def start(self, call: Call) -> Started:
        return Started(call.request.idempotency_key)

    async def poll(self, call: Call) -> Running | Completed:
        if self._takes:
            await asyncio.sleep(self._takes)
        return Running(0.5)


async def _late(runs: int, seconds: float, slow: float | None) -> list[float]:
    made = flow_from_stored({**flow(), "globalState": {}})
    bindings = {"a": Binding("quick"), "b": Binding("slow" if slow else "quick")}
    program = Program("bench", made, FlowGraph(made.steps, made.connections), bindings)
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as name:
        store = open_file(Path(name) / "store.db")
        now = clock.now()
        heads = [Run(f"r{n}", "bench", "bench", "1", made.hash, now, now) for n in range(runs)]
        store.runs.save([new_run(head, Situation(program, now)) for head in heads])
        systems = {"quick": Patient("quick", 0.0), "slow": Patient("slow", slow or 0.0)}
        performer = Performer(systems, Catalog([]), clock, 60)  # type: ignore[arg-type]
        polls: list[float] = []

        async def perform(action: Action, draft: Draft) -> object:
            due = draft.branches[action.branch].next_poll_at
            if action.verb == "poll" and action.system == "quick" and due is not None:
                polls.append((clock.now() - due).total_seconds())
            return await performer.perform(action, draft)

        calls = Calls(perform, clock)  # type: ignore[arg-type]
        loop = WakeLoop(store, Advancer(lambda _: (program, None), clock), calls, clock)
        rang = asyncio.Event()
        alarm = Alarm(rang.set, 5.0)
        alarm.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await loop.turn()
            alarm.hint(store.due_runs.next_wake(loop.busy_runs))
            rang.clear()
            waits = [asyncio.ensure_future(e.wait()) for e in (rang, loop.calls.result_arrived)]
            await asyncio.wait(waits, timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        alarm.stop()
        await loop.drain(1)
        store.close()
    return polls


def lateness(runs: int, seconds: float, slow: float | None = None) -> tuple[float, float, int]:
    """p50 and p99 of the seconds polls came late, and how many there were."""
    late = asyncio.run(_late(runs, seconds, slow))
    return percentile(late, 0.5), percentile(late, 0.99), len(late)
