"""Process jobs a second through a scheduler, beside a bare program that starts the same commands two at a time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.draft import Situation
from runtime.external.process.system import ProcessSystem
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.limits import LocalLimits
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import open_file
from tests.benchmarks.engine import flow

AT_ONCE = 16
COMMAND = ["true"]


def bare(jobs: int) -> float:
    """Commands a second, each started and waited for: nothing is kept, nothing outlives the program."""
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(lambda _: subprocess.run(COMMAND, check=True), range(jobs)):
            pass
    return jobs / (time.perf_counter() - began)


async def ours(folder: Path, jobs: int) -> float:
    """Jobs a second from their start until all of them have ended and left their end on disk; each run has two."""
    made = flow_from_stored(flow())
    bindings = {s: Binding("process", "true", {"system": "process", "command": COMMAND}) for s in ("a", "b")}
    program = Program("bench", made, FlowGraph(made.steps, made.connections), bindings)
    clock = ManualClock()
    store = open_file(folder / "store.db")
    now = clock.now()
    heads = [
        Run(f"r{n}", "bench", "bench", "1", made.hash, now, now, state=dict(made.global_state))
        for n in range(jobs // 2)
    ]
    store.runs.save([new_run(head, Situation(program, now)) for head in heads])
    system = ProcessSystem(folder)
    advancer = Advancer(lambda _: (program, None), clock)
    calls = Calls(Performer({"process": system}, Catalog([]), clock).perform, clock, LocalLimits(AT_ONCE))
    loop = WakeLoop(store, advancer, calls, clock)
    began = time.perf_counter()
    while await loop.turn() or loop.in_flight:
        if loop.in_flight and not loop.calls.result_arrived.is_set():
            await loop.calls.result_arrived.wait()
    while len(ended := list((folder / "jobs").glob("*/end.json"))) < jobs:
        await asyncio.sleep(0.02)
    took = time.perf_counter() - began
    assert len(ended) == jobs
    await system.close()
    store.close()
    return jobs / took


def measure(jobs: int) -> tuple[float, float]:
    """Jobs a second of a scheduler, and commands a second of the bare program."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(ours(Path(name), jobs)), bare(jobs)


if __name__ == "__main__":
    for _ in range(3):
        mine, limit = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
        print(f"{mine:,.0f} jobs/s, bare {limit:,.0f}, {mine / limit:.3f} of it")
