"""Workers as processes on one PostgreSQL store, as operators run them: started, killed, read, stopped."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.model.act import Actor
from runtime.settings import Settings
from tests.scheduling import ROOT

_MAIN = "from console.cli.main import main; main()"


def environment(url: str, folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a worker on this store whose own folder is `folder`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FORKJOIN_")}
    ours = {"FORKJOIN_STORE": url, "FORKJOIN_DIRECTORY": str(folder), "PYTHONPATH": str(ROOT)}
    return kept | ours | dict(more or {})


class Fleet:
    """The workers of one test; those that still live in the end are stopped gracefully."""

    def __init__(self, url: str, folder: Path, **more: str) -> None:
        """`more` is the environment all of them get."""
        self._url, self._folder, self._more = url, folder, more
        self.all: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(
        self, *options: str, url: str | None = None, before: Sequence[str] = (), folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """One more worker; `before` is a command that runs it, like `nsenter`."""
        where = folder or self._folder
        where.mkdir(parents=True, exist_ok=True)
        with self._file(len(self.all)).open("ab") as log:
            made = subprocess.Popen(
                [*before, sys.executable, "-c", _MAIN, "worker", *options],
                env=environment(url or self._url, where, self._more),
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.all.append(made)
        return made

    @property
    def living(self) -> list[subprocess.Popen[bytes]]:
        """Those that were not killed."""
        return [p for p in self.all if p.poll() is None]

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End one at once, as kill -9 does."""
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """What one wrote so far; long lines cut."""
        lines = self._file(self.all.index(process)).read_text().splitlines()
        return "".join(f"{line[:300]}\n" for line in lines)

    def _file(self, number: int) -> Path:
        return self._folder / f"worker{number}.log"

    def __enter__(self) -> Fleet:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop who lives; a worker that does not end in time is killed, and the test fails."""
        living = self.living
        for process in living:
            process.terminate()
        try:
            for process in living:
                process.wait(40)
        finally:
            for process in self.living:
                self.kill(process)


@contextmanager
def workers(
    url: str, folder: Path, count: int = 1, *options: str, more: Mapping[str, str] | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many workers, stopped gracefully in the end if they still live."""
    with Fleet(url, folder, **(more or {})) as fleet:
        for _ in range(count):
            fleet.add(*options)
        yield fleet.all


@contextmanager
def opened(url: str, folder: Path, workflows: Path | None = None) -> Iterator[Runtime]:
    """The operations over a store."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {"store": url, "directory": str(folder), "workflows": (str(workflows),) if workflows else ()}
    runtime = open_runtime(Settings.load(given, env={}), actor=Actor("tester"))
    try:
        yield runtime
    finally:
        runtime.close()


def wait_for(seen: Callable[[], object], seconds: float = 30, told: Callable[[], object] = lambda: "") -> None:
    """Wait until something is seen; `told` says what there is instead when the time is over."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, f"not seen in time {told()}"
        time.sleep(0.05)


def workers_told(runtime: Runtime) -> list[dict[str, Any]]:
    """The workers as their leader told of them last: name (host:pid), leads and more."""
    told: list[dict[str, Any]] = (runtime.store.facts.get("scheduler") or {}).get("workers", [])
    return told


def leader(runtime: Runtime) -> int | None:
    """Process number of the worker that does the duties of one, as told last."""
    return next((int(w["name"].rpartition(":")[2]) for w in workers_told(runtime) if w.get("leads")), None)


def jobs(folder: Path) -> int:
    """Jobs the simulated system has; it makes one for each key, however often it is asked to start it."""
    if not (folder / "simulated.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "simulated.db")) as con:
        made = con.execute("SELECT 1 FROM sqlite_master WHERE name = 'work'").fetchone()
        return int(con.execute("SELECT count(*) FROM work").fetchone()[0]) if made else 0


def write_fork(folder: Path, name: str, tasks: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
    """A workflow folder whose flow forks into these tasks, by step, and joins them; `more` is its metadata."""
    steps: list[dict[str, Any]] = [{"id": "begin", "name": "begin", "type": "begin"}]
    for step, metadata in tasks.items():
        steps.append({"id": step, "name": step, "type": "task", "metadata": dict(metadata)})
    steps += [{"id": s, "name": s, "type": t} for s, t in (("join", "decision"), ("end", "end"))]
    ways = [*(("begin", t) for t in tasks), *((t, "join") for t in tasks), ("join", "end")]
    connections = [{"id": f"c{n}", "sourceStepId": a, "targetStepId": b} for n, (a, b) in enumerate(ways)]
    flow = {"id": name, "name": name, "version": "1", "globalStateSchema": {"type": "object"}, "metadata": more}
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "flow.json").write_text(json.dumps({**flow, "steps": steps, "connections": connections}))
    return folder


def http_task(duration: float, *, poll: str = "1 second", **script: Any) -> dict[str, Any]:
    """Metadata of a step that is a job of the job server at `env.JOBS_URL`."""
    return {
        "task": {
            "system": "http",
            "start": {
                "url": "${env.JOBS_URL}/jobs",
                "json": {"duration": duration, "result": 1, **script},
                "externalId": "response.json.id",
                "idempotent": True,
            },
            "poll": {
                "url": "${env.JOBS_URL}/jobs/${externalId}",
                "status": "response.json.status",
                "completed": ["completed"],
                "failed": ["failed"],
            },
        },
        "poll": {"interval": poll},
    }
