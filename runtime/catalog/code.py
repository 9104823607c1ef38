"""The code of one workflow: its tasks.py, imported where it is run and nowhere else."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

from runtime.catalog.code_files import Stamp, look
from runtime.catalog.loaded_code import LoadedCode, MissingCode
from runtime.catalog.raised import taken_down
from runtime.catalog.threads import CallThreads, Overran
from runtime.errors import ForkjoinError
from runtime.external.report import Stranger, plain_answer
from runtime.logs import get_logger
from runtime.model.task import Outcome, TaskRequest

__all__ = ["MissingCode", "TaskCode"]

log = get_logger(__name__)
SETTLING_SECONDS = 1.0
"""How long code that was good may be missing or fail to import before that counts: it may just be being written."""


@dataclass(frozen=True, slots=True)
class _Broken:
    stamp: Stamp | None
    problem: MissingCode
    since: float
    """Monotonic seconds."""


class TaskCode:
    """Runs the tasks of one tasks.py in threads of their own, each call within a time limit.

    The file is imported at the first call, and again once it, or a module beside it that it imports, has changed.
    Calls that began in the old code end there.
    """

    def __init__(
        self, workflow: str, path: Path | None, *, threads: int = 8, call_timeout_seconds: float = 30.0
    ) -> None:
        self.workflow = workflow
        self.path = path
        self.call_timeout_seconds = call_timeout_seconds
        self._threads = CallThreads(workflow, threads)
        self._lock = threading.RLock()
        self._counting = threading.Lock()
        """A lock of its own, so that an import that hangs keeps no call of the old code from ending."""
        self._loaded: LoadedCode | None = None
        self._current_at = -math.inf
        """Monotonic moment at which the files were last seen to be those that were imported."""
        self._broken: _Broken | None = None

    @property
    def hash(self) -> str | None:
        """SHA-256 of the code as it was imported, hex; None before that."""
        return self._loaded.seen.hash if self._loaded is not None else None

    @property
    def stuck(self) -> int:
        """Number of threads written off because a call never came back."""
        return self._threads.stuck

    async def call(
        self, step_id: str, verb: str, request: TaskRequest, timeout_seconds: float | None = None
    ) -> Outcome | Stranger | str | None:
        """Call the step's class for start, poll, cancel or logs, or its function for `run`; the answer is unchecked.

        A class without `cancel` or `logs` answers None. The answer is read on the thread of the code and returned as
        plain values: no object of an author's class leaves the thread.

        Raises:
            MissingCode: There is no code for this step.
            TaskRaised: The code raised.
            Unreachable: No thread of the workflow is left; Overran where the call took too long.
        """
        seconds = timeout_seconds or self.call_timeout_seconds
        asked_at = time.monotonic()

        def answer() -> Outcome | Stranger | str | None:
            loaded = self._begin(asked_at)
            try:
                method = loaded.method(step_id, verb)
                given: object = method(request) if method else None
                if inspect.isawaitable(given):
                    given = asyncio.run(_within(given, seconds, self.workflow))
                return plain_answer(given, step_id)
            except ForkjoinError:
                raise
            except BaseException as error:  # sys.exit in a task must not end more than the task
                raise taken_down(error) from None
            finally:
                self._end(loaded)

        return await self._threads.run(answer, seconds)

    def close(self) -> None:
        """Refuse further calls; the answers of calls that are at work are dropped."""
        self._threads.close()
        if self._loaded is not None:
            self._loaded.forget()

    def _begin(self, asked_at: float) -> LoadedCode:
        """The code as it was at some moment since the call was asked for: of calls asked for together, one looks."""
        with self._counting:
            if self._loaded is not None and self._current_at >= asked_at:
                self._loaded.calls += 1
                return self._loaded
        with self._lock:
            loaded = self._current()
            with self._counting:
                loaded.calls += 1
            return loaded

    def _end(self, loaded: LoadedCode) -> None:
        with self._counting:
            loaded.calls -= 1
            over = loaded is not self._loaded and not loaded.calls
        if over:
            loaded.forget()

    def _current(self) -> LoadedCode:
        """The code as it is now, imported anew if it changed; raises MissingCode."""
        loaded, path = self._loaded, self.path
        if path is None:
            raise MissingCode(f"Workflow '{self.workflow}' has no tasks.py; put it back and retry.")
        looked_at = time.monotonic()
        if loaded is not None and loaded.seen.is_current():
            self._current_at = looked_at
            return loaded
        try:
            seen = look(path)
        except OSError as error:
            said = f"{path} cannot be read: {error.strerror}; put it back and retry."
            return self._settling(None, MissingCode(said))
        if loaded is not None and loaded.seen.hash == seen.hash:
            loaded.seen, self._broken = seen, None
            return loaded
        if self._broken is not None and self._broken.stamp == seen.stamp:
            return self._settling(seen.stamp, self._broken.problem)
        try:
            self._loaded = LoadedCode(self.workflow, path, seen)
        except BaseException as error:  # whatever top-level code of an author may raise
            said = error.message if isinstance(error, MissingCode) else self._import_sentence(error)
            return self._settling(seen.stamp, MissingCode(said))
        if loaded is not None:
            log.info("code.changed", workflow=self.workflow, before=loaded.seen.hash[:12], now=seen.hash[:12])
            with self._counting:
                idle = not loaded.calls
            if idle:
                loaded.forget()
        self._broken = None
        return self._loaded

    def _settling(self, found: Stamp | None, problem: MissingCode) -> LoadedCode:
        """The code that was good until now, for a moment; raises the problem once that is over."""
        if self._broken is None or self._broken.stamp != found:
            since = self._broken.since if self._broken is not None and self._loaded is not None else time.monotonic()
            self._broken = _Broken(found, problem, since)
        if self._loaded is None or time.monotonic() - self._broken.since >= SETTLING_SECONDS:
            raise problem
        return self._loaded

    def _import_sentence(self, error: BaseException) -> str:
        return f"{self.path} cannot be imported: {taken_down(error)}; correct it and retry."


async def _within(answer: Awaitable[object], seconds: float, workflow: str) -> object:
    """Await an answer, cancelled after so many seconds; raises Overran."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await answer
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Overran(f"Code of workflow '{workflow}' did not come back within {seconds:g} s.") from error
