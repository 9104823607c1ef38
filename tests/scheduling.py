"""Runs the real scheduler as a process, as an operator would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.model.act import Actor
from runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def listening() -> None:
    """Before a program begins: signals end it as in a terminal, also where the tests were started without them."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def environment(
    store: Path | str, workflows: Path | None = None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a scheduler on this store."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("FORKJOIN_") or k == "FORKJOIN_DIRECTORY"}
    env |= {"FORKJOIN_STORE": str(store), "PYTHONPATH": str(ROOT), **(more or {})}
    return env | ({"FORKJOIN_WORKFLOWS": str(workflows)} if workflows else {})


def drive(
    store: Path | str, workflows: Path | None = None, *, timeout: float = 90, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the scheduler until nothing is left to wake."""
    return subprocess.run(
        [sys.executable, "-m", "runtime", "--until-idle"],
        env=environment(store, workflows, more),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def scheduler(store: Path | str, workflows: Path | None = None, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler that runs as long as the context lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime"],
        env=environment(store, workflows, more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def opened(store: Path | str, workflows: Path | None = None) -> Iterator[Runtime]:
    """The operations over a store."""
    env = {k: v for k, v in os.environ.items() if k == "FORKJOIN_DIRECTORY"}
    settings = Settings.load({"store": str(store), "workflows": (str(workflows),) if workflows else ()}, env=env)
    runtime = open_runtime(settings, actor=Actor("tester"))
    try:
        yield runtime
    finally:
        runtime.close()


STUCK = """import time

from runtime.authoring import Completed, task


@task("work")
def work(request):
    time.sleep(600)
    return Completed()
"""


def stuck_workflow(folder: Path) -> Path:
    """A workflow whose only task never comes back; gives the folder to look for workflows in."""
    (folder / "stuck").mkdir(parents=True)
    steps = [{"id": i, "name": i, "type": t} for i, t in (("begin", "begin"), ("work", "task"), ("end", "end"))]
    steps[1]["metadata"] = {"retry": {"maximumAttempts": 1}}  # type: ignore[assignment]
    ways = [{"id": f"{a}-{b}", "sourceStepId": a, "targetStepId": b} for a, b in (("begin", "work"), ("work", "end"))]
    flow = {"id": "stuck", "name": "stuck", "version": "1", "globalStateSchema": {"type": "object"}}
    (folder / "stuck" / "flow.json").write_text(json.dumps({**flow, "steps": steps, "connections": ways}))
    (folder / "stuck" / "tasks.py").write_text(STUCK)
    return folder
