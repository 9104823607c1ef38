"""The scheduler dies by SIGKILL at named points and random moments; started again, all comes to the same end."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runtime.engine.crash_points import CRASH_POINTS
from runtime.external.simulated.system import SimulatedSystem
from tests.scheduling import drive, environment, opened

FAST = {"interval": 0.05}
POSTGRES = pytest.mark.xdist_group("postgres")
TAKEN_OVER = ("wake.claimed", "intent.after_save", "start.after_call", "cancel.after_call", "outcome.before_save")
"""Points at which a worker dies on PostgreSQL too: what it held is taken over when it was silent for long enough."""
DEATHS = [
    *((point, nth, "directory") for point in CRASH_POINTS for nth in (1, 3)),
    *(pytest.param(point, 1, "postgres", marks=POSTGRES) for point in TAKEN_OVER),
]


def quick_flow(folder: Path) -> None:
    """Two short simulated jobs, one of which fails, and a third that expires and is cancelled; a join after them."""
    job = {"system": "simulated", "duration": "0.1 seconds", "result": {"ok": True}}
    steps: list[dict[str, Any]] = [
        {"id": "begin", "name": "begin", "type": "begin"},
        {"id": "good", "name": "good", "type": "task", "metadata": {"task": job, "poll": FAST}},
        {
            "id": "bad",
            "name": "bad",
            "type": "task",
            "metadata": {"task": {**job, "outcome": "failed", "error": "index is read-only"}, "poll": FAST},
        },
        {
            "id": "slow",
            "name": "slow",
            "type": "task",
            "metadata": {"task": {**job, "duration": "1 hour"}, "poll": FAST, "timeout": {"startToClose": 0.3}},
        },
        {"id": "join", "name": "join", "type": "task", "metadata": {"task": job, "poll": FAST}},
        {"id": "end", "name": "end", "type": "end"},
    ]
    ways = [("begin", s) for s in ("good", "bad", "slow")] + [(s, "join") for s in ("good", "bad", "slow")]
    flow = {
        "id": "quick",
        "name": "quick",
        "version": "1",
        "globalStateSchema": {"type": "object"},
        "steps": steps,
        "connections": [
            {"id": f"c{n}", "sourceStepId": a, "targetStepId": b} for n, (a, b) in enumerate([*ways, ("join", "end")])
        ],
    }
    (folder / "quick").mkdir(parents=True)
    (folder / "quick" / "flow.json").write_text(json.dumps(flow))


def start(store: Path | str, flows: Path, count: int) -> None:
    quick_flow(flows)
    with opened(store, flows) as runtime:
        runtime.commands.start("quick", run_id="r", count=count)


def outcome(store: Path | str, flows: Path) -> list[dict[str, Any]]:
    """What an operator may compare: everything but moments and ids of jobs."""
    with opened(store, flows) as runtime:
        shown = [runtime.json_views.show(run.id) for run in runtime.queries.runs(sort="id")]
        system = SimulatedSystem(runtime.directory, runtime.clock)
        for run in shown:
            for branch in run["branches"]:
                for visit in branch["steps"]:
                    for attempt in visit["attempts"]:
                        owed = attempt["cancel"]
                        assert owed is None or owed["confirmed_at"], "every cancel that is owed is answered"
        attempts = [a for run in shown for b in run["branches"] for v in b["steps"] for a in v["attempts"]]
        keys = [a["idempotency_key"] for a in attempts]
        # A start that expired before it was made, and was then looked for, was never made.
        made = [a["idempotency_key"] for a in attempts if a["external_id"]]
        assert len(keys) == len(set(keys))
        jobs = system.jobs()
        asyncio.run(system.close())
        assert jobs == len(made), "each external job was started once, and is known"
        return [
            {
                "id": run["id"],
                "status": run["status"],
                "state": run["state"],
                "results": run["results"],
                "branches": sorted((b["id"], b["status"], b["attempt"]) for b in run["branches"]),
            }
            for run in shown
        ]


@pytest.fixture(scope="module")
def smooth(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What an uninterrupted scheduler makes of three runs."""
    folder = tmp_path_factory.mktemp("smooth")
    start(folder / "store", folder / "flows", 3)
    assert drive(folder / "store", folder / "flows").returncode == 0
    return outcome(folder / "store", folder / "flows")


def test_the_smooth_run_completes_with_two_captured_failures(smooth: list[dict[str, Any]]) -> None:
    assert [run["status"] for run in smooth] == ["completed"] * 3
    assert sum(status == "failed" for _, status, _ in smooth[0]["branches"]) == 2


@pytest.mark.parametrize(("point", "nth", "location"), DEATHS, indirect=["location"])
def test_killed_at_a_named_point_and_started_again(
    point: str, nth: int, location: str, smooth: list[dict[str, Any]], tmp_path: Path
) -> None:
    store, flows = location, tmp_path / "flows"
    start(store, flows, 3)
    died = drive(store, flows, FORKJOIN_CRASH_AT=f"{point}#{nth}")
    assert died.returncode == -signal.SIGKILL, f"{point} was never passed: {died.stderr}"
    assert drive(store, flows).returncode == 0
    assert outcome(store, flows) == smooth


@pytest.mark.parametrize(
    ("seed", "location"),
    [*((seed, "directory") for seed in range(5)), pytest.param(5, "postgres", marks=POSTGRES)],
    indirect=["location"],
)
def test_killed_at_ten_random_moments(seed: int, location: str, smooth: list[dict[str, Any]], tmp_path: Path) -> None:
    store, flows = location, tmp_path / "flows"
    start(store, flows, 3)
    chance = random.Random(seed)
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime"],
            env=environment(store, flows),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        process.stderr.readline()  # it drives now; the moment of its death is counted from here
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.0, 0.25))
        process.kill()
        process.wait()
        process.stderr.close()
    assert drive(store, flows).returncode == 0
    assert outcome(store, flows) == smooth
