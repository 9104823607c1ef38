"""The three shipped systems, each in a small world that can make it do the same things."""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.clock import ManualClock
from runtime.external.base import ExternalSystem
from runtime.external.http.system import HttpSystem
from runtime.external.process.system import ProcessSystem
from runtime.external.simulated.system import SimulatedSystem
from tests.contract.external.calls import wait_for
from tests.job_server import JobServer


class World(ABC):
    """One kind of external system and the work it can be asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @abstractmethod
    def system(self) -> ExternalSystem:
        """A new adapter on the same directory, as after a restart of our process."""

    @abstractmethod
    def binding(self, **work: Any) -> dict[str, Any]:
        """A binding of work: `long` (an hour), `result`, `error`."""

    @abstractmethod
    def jobs(self) -> int:
        """How many pieces of work there really are."""

    @abstractmethod
    def go_dark(self, external_id: str) -> None:
        """Make the system unable to answer polls."""

    @abstractmethod
    def come_back(self, external_id: str) -> None:
        """Make it answer again."""

    def finish(self) -> None:  # noqa: B027 - most worlds have nothing to do
        """Let the time of short work pass."""

    def close(self) -> None:  # noqa: B027 - most worlds have nothing to do
        """End what was started."""


class SimulatedWorld(World):
    """Work of one second on a manual clock."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.clock = ManualClock()

    def system(self) -> ExternalSystem:
        return SimulatedSystem(self.directory, self.clock)

    def binding(self, **work: Any) -> dict[str, Any]:
        binding: dict[str, Any] = {"system": "simulated", "duration": "1 hour" if work.get("long") else "1 second"}
        if "error" in work:
            return binding | {"outcome": "failed", "error": work["error"]}
        return binding | {"result": work.get("result")}

    def jobs(self) -> int:
        with contextlib.closing(sqlite3.connect(self._file)) as file:
            return int(file.execute("SELECT count(*) FROM work").fetchone()[0])

    def go_dark(self, external_id: str) -> None:
        self._file.rename(self._file.with_suffix(".away"))
        self._file.mkdir()

    def come_back(self, external_id: str) -> None:
        self._file.rmdir()
        self._file.with_suffix(".away").rename(self._file)

    def finish(self) -> None:
        self.clock.move(2)

    @property
    def _file(self) -> Path:
        return self.directory / "simulated.db"


class ProcessWorld(World):
    """Small Python programs that leave a line in a file when they begin."""

    def system(self) -> ExternalSystem:
        return ProcessSystem(self.directory, grace_seconds=1)

    def binding(self, **work: Any) -> dict[str, Any]:
        script = f'echo begun >> "{self._tally}"; '
        if work.get("long"):
            script += "exec sleep 120"
        elif "error" in work:
            script += f"echo '{work['error']}' >&2; exit 3"
        else:
            script += 'printf %s "$RESULT"'
        binding = {"system": "process", "command": ["sh", "-c", script], "env": {"RESULT": "${state.result}"}}
        return binding | {"result": "json"} if "result" in work else binding

    def jobs(self) -> int:
        return len(self._tally.read_text().splitlines()) if self._tally.exists() else 0

    def go_dark(self, external_id: str) -> None:
        folder = self.directory / "jobs" / external_id
        wait_for((folder / "supervisor.json").exists)
        (folder / "end.json").mkdir()

    def come_back(self, external_id: str) -> None:
        (self.directory / "jobs" / external_id / "end.json").rmdir()

    @property
    def _tally(self) -> Path:
        return self.directory / "tally"


class HttpWorld(World):
    """The job server as a process of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.clock = ManualClock()
        self.server = JobServer(directory / "jobs.jsonl").start()

    def system(self) -> ExternalSystem:
        return HttpSystem(self.clock, connect_seconds=2, total_seconds=5)

    def binding(self, **work: Any) -> dict[str, Any]:
        script = {"duration": 3600 if work.get("long") else 0, "result": work.get("result")}
        if "error" in work:
            script |= {"outcome": "failed", "error": work["error"]}
        return http_binding(self.server.url, script)

    def jobs(self) -> int:
        return int(self.server.stats()["jobs"])

    def go_dark(self, external_id: str) -> None:
        self.server.kill()

    def come_back(self, external_id: str) -> None:
        self.server.start()

    def close(self) -> None:
        self.server.kill()


def http_binding(url: str, script: Any) -> dict[str, Any]:
    """A binding to the job server."""
    job = f"{url}/jobs/${{externalId}}"
    return {
        "system": "http",
        "start": {"url": f"{url}/jobs", "json": script, "externalId": "response.json.id", "idempotent": True},
        "find": {
            "url": f"{url}/jobs",
            "query": {"key": "${key}"},
            "externalId": "(response.json.jobs.find(j => j.key == key) || {}).id",
        },
        "poll": {
            "url": job,
            "status": "response.json.status",
            "completed": ["completed"],
            "failed": ["failed", "cancelled"],
            "result": "response.json.result",
            "error": "response.json.error",
            "progress": "response.json.progress",
        },
        "cancel": {"url": job},
        "logs": {"url": f"{job}/logs"},
    }


WORLDS: dict[str, Callable[[Path], World]] = {"simulated": SimulatedWorld, "process": ProcessWorld, "http": HttpWorld}
