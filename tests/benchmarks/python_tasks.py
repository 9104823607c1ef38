"""Durable wakes a second where the tasks are a tasks.py of a workflow folder, beside raw SQLite in groups."""

from __future__ import annotations

import asyncio
import cProfile
import json
import pstats
import sys
import tempfile
from pathlib import Path
from typing import Any

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.catalog.python_system import PythonSystem
from runtime.clock import ManualClock
from runtime.model.run import Run
from tests.benchmarks.engine import WAKES_PER_RUN, flow, play, raw

TASKS = """
from forkjoin import authoring
from forkjoin.authoring import task

@task("a")
@task("b")
class Work:
    polled = {}
    def start(self, request):
        return authoring.Started(request.idempotency_key)
    def poll(self, request):
        key = request.external_id
        self.polled[key] = self.polled.get(key, 0) + 1
        return authoring.Running(0.5) if self.polled[key] == 1 else authoring.Completed({"ok": True})
"""


def python_tasks(runs: int) -> tuple[float, int]:
    """Durable wakes a second over so many runs, and the bytes of their documents."""
    with tempfile.TemporaryDirectory() as folder:
        workflow = Path(folder, "bench")
        workflow.mkdir()
        (workflow / "flow.json").write_text(json.dumps(flow()))
        (workflow / "tasks.py").write_text(TASKS)
        catalog = Catalog([workflow], built_in=False)
        clock = ManualClock()
        python: Any = PythonSystem(catalog.code)
        known = catalog.check(catalog.find("bench"))
        run = Run("r", "bench", "bench", "1", known.hash, clock.now(), clock.now(), state={})
        program = catalog.program(run, flow())
        assert {binding.system for binding in program.bindings.values()} == {"python"}
        try:
            took, size = asyncio.run(play(Path(folder), runs, program, Performer({"python": python}, catalog, clock)))
        finally:
            catalog.close()
    return runs * WAKES_PER_RUN / took, size


def main() -> None:
    """Print the rates; with `profile`, the dearest lines of the event loop's thread."""
    if "profile" in sys.argv:
        profile = cProfile.Profile()
        profile.runcall(python_tasks, 1_000)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    for _ in range(3):
        rate, size = python_tasks(1_000)
        bare = raw(1_000, size)
        print(f"tasks.py {rate:8,.0f} wakes/s, raw {bare:8,.0f}, {rate / bare:.3f} of it")


if __name__ == "__main__":
    main()
