"""Ten thousand branches on five hundred targets, a tenth of them dead: how late the polls of the living come."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.clock import SystemClock
from runtime.engine.advance import new_run
from runtime.engine.draft import Draft, Situation
from runtime.engine.observed import Observed
from runtime.engine.plan import Action
from runtime.errors import Unreachable
from runtime.external.base import Call
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.model.task import Running, Started
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import open_file
from tests.benchmarks.console import percentile
from tests.benchmarks.engine import flow

TARGETS = 500
DEAD_EVERY = 10
"""Of so many targets one is dead: half of these refuse, half never answer."""
POLL_SECONDS = 30
CALL_SECONDS = 30.0
BRANCHES_PER_RUN = 2


class Jobs:
    """Starts are answered everywhere; polls by targets that live."""

    name = "jobs"

    async def start(self, call: Call) -> Started:
        return Started(call.request.idempotency_key)

    async def poll(self, call: Call) -> Running:
        number = int(str(call.binding["number"]))
        if number % DEAD_EVERY == 0:
            if number % (2 * DEAD_EVERY) == 0:
                raise Unreachable("Connection refused.", sent=False)
            await asyncio.sleep(CALL_SECONDS)
            raise Unreachable(f"No answer within {CALL_SECONDS:g} s.")
        await asyncio.sleep(0.02)
        return Running(0.5)


def _program(number: int) -> Program:
    text = {**flow(), "globalState": {}}
    for step in text["steps"]:  # type: ignore[attr-defined]
        if step["type"] == "task":
            step["metadata"] = {"poll": {"interval": POLL_SECONDS}}
    made = flow_from_stored(text)
    bindings = {step: Binding("jobs", f"host-{number}", {"number": number}) for step in ("a", "b")}
    return Program(f"bench-{number}", made, FlowGraph(made.steps, made.connections), bindings)


async def _watch(branches: int, seconds: float) -> tuple[list[float], int]:
    programs = [_program(number) for number in range(TARGETS)]
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as name:
        store = open_file(Path(name) / "store.db")
        now = clock.now()
        for number, program in enumerate(programs):
            count = branches // BRANCHES_PER_RUN // TARGETS
            heads = [
                Run(f"r{number}-{n}", program.workflow, "bench", "1", program.flow.hash, now, now) for n in range(count)
            ]
            store.runs.save([new_run(head, Situation(program, now)) for head in heads])
        performer = Performer({"jobs": Jobs()}, Catalog([]), clock, CALL_SECONDS + 5)  # type: ignore[dict-item]
        late: list[float] = []
        dead = 0

        async def perform(action: Action, draft: Draft) -> Observed:
            nonlocal dead
            due = draft.branches[action.branch].next_poll_at
            if action.verb == "poll" and due is not None:
                if int(action.target.removeprefix("host-")) % DEAD_EVERY:
                    late.append((clock.now() - due).total_seconds())
                else:
                    dead += 1
            return await performer.perform(action, draft)

        by_name = {program.workflow: program for program in programs}
        loop = WakeLoop(store, Advancer(lambda run: (by_name[run.workflow], None), clock), Calls(perform, clock), clock)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await loop.turn()
            if not loop.is_behind:
                waits = [asyncio.ensure_future(loop.calls.result_arrived.wait())]
                await asyncio.wait(waits, timeout=0.1)
                waits[0].cancel()
        await loop.drain(1)
        store.close()
    return late, dead


def targets(branches: int, seconds: float) -> tuple[float, float, int, int]:
    """p50 and p99 of the seconds that polls of living targets came late, their number, and that of dead ones."""
    late, dead = asyncio.run(_watch(branches, seconds))
    return percentile(late, 0.5), percentile(late, 0.99), len(late), dead


if __name__ == "__main__":
    p50, p99, polls, dead = targets(int(sys.argv[1]), float(sys.argv[2]))
    print(f"{polls:,} polls of living targets: {p50:.2f} s late in the middle, {p99:.2f} s p99; {dead:,} of dead ones")
