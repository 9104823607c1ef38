"""A scheduler with far more to do than it can: is it still alive, does it hear its operators, does it end."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runtime.acts.ack import Acknowledge
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.engine.explain.heartbeat_words import scheduler_state
from runtime.model.act import ActState
from runtime.model.facts import HEARTBEAT
from runtime.settings import Settings

FLOWS = Path(__file__).parent / "flows"
ACT_EVERY_SECONDS = 2.0
NEW_RUN_AT = 0.5
"""A new run is started when this share of the time is over."""


class Seen:
    """What was seen of the scheduler from outside, in seconds."""

    def __init__(self) -> None:
        self.oldest_beat = 0.0
        self.acts: list[float] = []
        self.new_run: float | None = None
        self.memory_mib: list[float] = []
        self.sentence = ""


def overload(runs: int, seconds: float) -> dict[str, float | str]:
    """Watch a scheduler over so many runs that want two polls a second each; returns what was seen."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings.load({"store": name, "workflows": (str(FLOWS),)}, env={})
        runtime = open_runtime(settings)
        runtime.commands.start("endless", {}, "run", count=runs)
        command = [sys.executable, "-m", "console", "scheduler", "--store", name, "--workflows", str(FLOWS)]
        scheduler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = _watch(runtime, scheduler.pid, seconds)
        began = time.monotonic()
        scheduler.terminate()
        scheduler.wait(120)
        ended = time.monotonic() - began
        wakes = HEARTBEAT.read(runtime.store.facts)
        runtime.close()
    return {
        "wakes": wakes.wakes if wakes is not None else 0,
        "oldest heartbeat s": seen.oldest_beat,
        "slowest act s": max(seen.acts, default=float("inf")),
        "new run begins after s": seen.new_run if seen.new_run is not None else float("inf"),
        "memory half way MiB": seen.memory_mib[len(seen.memory_mib) // 2],
        "memory MiB": seen.memory_mib[-1],
        "SIGTERM s": ended,
        "it says": seen.sentence,
    }


def _watch(runtime: Runtime, pid: int, seconds: float) -> Seen:
    seen = Seen()
    began = time.monotonic()
    asked: tuple[int, float] | None = None
    next_act, started_at = began + 5.0, None
    while (now := time.monotonic()) - began < seconds:
        beat = HEARTBEAT.read(runtime.store.facts)
        if beat is not None and beat.beat_at is not None:
            wall = runtime.clock.now()
            seen.oldest_beat = max(seen.oldest_beat, (wall - beat.beat_at).total_seconds())
            seen.sentence = scheduler_state(beat, wall)[1]
        if asked is not None:
            act = runtime.store.acts.get(asked[0])
            if act is not None and act.state is not ActState.PENDING:
                seen.acts.append(now - asked[1])
                asked = None
        elif now >= next_act:
            stored = runtime.commands.later(Acknowledge(note="seen"), "run-0001", seconds=0.0)
            asked, next_act = (stored.act.id if stored.act is not None else 0, now), now + ACT_EVERY_SECONDS
        if started_at is None and now - began > seconds * NEW_RUN_AT:
            runtime.commands.start("endless", {}, "newcomer")
            started_at = now
        if started_at is not None and seen.new_run is None:
            run = runtime.store.runs.get("newcomer")
            if run is not None and run.revision > 1:
                seen.new_run = now - started_at
        seen.memory_mib.append(_resident_mib(pid))
        time.sleep(0.1)
    if asked is not None:
        seen.acts.append(time.monotonic() - asked[1])
    return seen


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    count, span = int(sys.argv[1]), float(sys.argv[2])
    for what, value in overload(count, span).items():
        print(f"{what:24} {value if isinstance(value, str) else f'{value:,.2f}'}")
