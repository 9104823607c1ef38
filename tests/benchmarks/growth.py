"""How cost grows: with runs that sleep, and with branches of a run."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.store.embedded.store import open_file
from tests.benchmarks.console import filled
from tests.benchmarks.engine import instant, play
from tests.benchmarks.storage import timed

BRANCHES = 1_000
"""Over all runs of a measurement, so that each has the same work to do."""


def items(count: int) -> Program:
    """One task over so many items: start each, sleep, poll, sleep, poll, join."""
    step = {"metadata": {"forEach": "state.items", "poll": {"interval": 10}}, "type": "task"}
    made = flow_from_stored(
        {
            "id": "bench",
            "name": "bench",
            "version": "1",
            "globalStateSchema": {"type": "object"},
            "globalState": {"items": list(range(count))},
            "steps": [
                {"id": "begin", "name": "begin", "type": "begin"},
                {"id": "a", "name": "a", **step},
                {"id": "end", "name": "end", "type": "end"},
            ],
            "connections": [
                {"id": "c1", "sourceStepId": "begin", "targetStepId": "a"},
                {"id": "c2", "sourceStepId": "a", "targetStepId": "end"},
            ],
        }
    )
    return Program("bench", made, FlowGraph(made.steps, made.connections), {"a": Binding("instant")})


def branch_cost(branches: int) -> float:
    """Milliseconds of processor a branch takes from start to join, in runs of so many."""
    _, performer = instant()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        asyncio.run(play(Path(folder), BRANCHES // branches, items(branches), performer))
        return (time.process_time() - began) / BRANCHES * 1e3


def idle_look(sleepers: int) -> float:
    """Milliseconds it takes to see that none of so many sleeping runs is due, and when the next is."""
    with tempfile.TemporaryDirectory() as name:
        filled(Path(name), sleepers)
        store = open_file(Path(name) / "store.db")
        store.runs.remove(["template"])
        now = store.runs.query(limit=1)[0].created_at
        took = timed(lambda: (store.due_runs.due(now, 500), store.due_runs.next_wake()), 200)
        store.close()
    return took * 1e3
