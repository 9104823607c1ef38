"""The loaded task code of all workflows, one for each tasks.py, with its threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.catalog.code import TaskCode


class TaskCodes:
    """Loads the code of a workflow when it is first called; safe for several threads."""

    def __init__(self, threads_per_workflow: int, call_timeout_seconds: float) -> None:
        self._threads = threads_per_workflow
        self._timeout = call_timeout_seconds
        self._lock = threading.Lock()
        self._codes: dict[str, TaskCode] = {}

    def of(self, config: Mapping[str, Any]) -> TaskCode:
        """The code a Python binding names; its threads are shared by all runs of the workflow."""
        path = str(config["code"])
        with self._lock:
            if path not in self._codes:
                self._codes[path] = TaskCode(
                    str(config["workflow"]),
                    Path(path),
                    threads=self._threads,
                    call_timeout_seconds=self._timeout,
                )
            return self._codes[path]

    def reload(self) -> None:
        """Drop code that could not be imported or is gone, so that it is loaded anew."""
        with self._lock:
            for path, code in list(self._codes.items()):
                if code.hash is None or not Path(path).is_file():
                    self._codes.pop(path).close()

    def stuck_threads(self) -> dict[str, int]:
        """Number of threads written off, by workflow; only workflows that have some."""
        with self._lock:
            return {code.workflow: code.stuck for code in self._codes.values() if code.stuck}

    def close(self) -> None:
        """Let the threads of all workflows end."""
        with self._lock:
            for code in self._codes.values():
                code.close()
            self._codes.clear()
