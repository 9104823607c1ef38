"""Filters over many runs: how long a page takes of what matches little, and of what matches much."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.run import Run
from runtime.model.status import BranchStatus, RunStatus
from runtime.model.stored import Save
from runtime.settings import Settings

RARE = 20_000
"""One run of so many is what is looked for."""
FILTERS = (
    "label:order=7",
    "label:env=prod",
    "flow:seldom",
    "id:r7",
    "system:slurm",
    "error~no_space_left",
    "needle",
    "status:failed",
    "is:stale",
    "age<1m",
    "sleeping",
)


def made(runtime: Runtime, count: int) -> None:
    """So many runs of one branch each, one in 20,000 of them of another kind."""
    now = runtime.clock.now()
    for first in range(0, count, 2_000):
        saves = []
        for n in range(first, min(count, first + 2_000)):
            rare = n % RARE == 7
            at = now if rare else now.fromtimestamp(now.timestamp() - 3_600 - n, now.tzinfo)
            run = Run(
                f"r{n}",
                "seldom" if rare else "profile_update",
                "seldom" if rare else "profile_update",
                "1",
                "h",
                at,
                at,
                status=RunStatus.FAILED if rare else RunStatus.SLEEPING,
                revision=1,
                labels={"env": "prod", "order": str(n)},
                failure=Failure("Error", "no_space_left on device", at) if rare else None,
                why="a needle" if rare else "send-email running, 1 of 2",
                is_stale=rare,
                state={"text": "x" * 1_500},
            )
            attempt = Attempt(1, f"r{n}/a.1/1", "slurm" if rare else "http", "h", at, status=BranchStatus.RUNNING)
            visit = StepVisit("a", 1, at, status=BranchStatus.RUNNING, attempts=(attempt,))
            branch = Branch(run.id, "main", 0, "a", at, status=BranchStatus.RUNNING, visit=1, steps=(visit,))
            saves.append(Save(run, None, branches=(branch,)))
        runtime.store.runs.save(saves)


def filters(count: int, pages: int = 3) -> list[tuple[str, int, float]]:
    """(filter, rows on its first page of 50, milliseconds) over so many runs."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        runtime = open_runtime(Settings.load({"store": str(Path(name, "store"))}, env={}))
        made(runtime, count)
        for text in FILTERS:
            times = []
            for _ in range(pages):
                began = time.perf_counter()
                rows = runtime.queries.runs(text, limit=50)
                times.append(time.perf_counter() - began)
            found.append((text, len(rows), sorted(times)[pages // 2] * 1e3))
        runtime.close()
    return found


if __name__ == "__main__":
    import sys

    for text, rows, took in filters(int(sys.argv[1])):
        print(f"{text:24} {rows:4} rows {took:10.1f} ms")
