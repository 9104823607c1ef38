"""The code of one workflow: its tasks.py, imported where it is run and nowhere else."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import inspect
import itertools
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from runtime.authoring import bound_steps
from runtime.catalog.raised import taken_down
from runtime.catalog.threads import CallThreads, Overran
from runtime.errors import ForkjoinError
from runtime.external.report import plain_answer
from runtime.model.task import TaskRequest

_numbers = itertools.count(1)


class MissingCode(ForkjoinError):
    """The Python of a task cannot be had: no file, it does not import, or it does not bind the step."""


class TaskCode:
    """Runs the tasks of one tasks.py in threads of their own, each call within a time limit.

    The file is imported at the first call. A file that fails to import is tried again once it has changed; one
    that did import stays as it is until the workflows are reloaded.
    """

    def __init__(
        self, workflow: str, path: Path | None, *, threads: int = 8, call_timeout_seconds: float = 30.0
    ) -> None:
        self.workflow = workflow
        self.path = path
        self.call_timeout_seconds = call_timeout_seconds
        self.hash: str | None = None
        """SHA-256 of the file as it was imported, hex."""
        self._threads = CallThreads(workflow, threads)
        self._lock = threading.RLock()
        self._module: ModuleType | None = None
        self._works: dict[str, Any] = {}
        self._objects: dict[type, Any] = {}
        self._broken: tuple[tuple[int, int], MissingCode] | None = None

    @property
    def stuck(self) -> int:
        """Threads written off because a call never came back."""
        return self._threads.stuck

    async def call(self, step_id: str, verb: str, request: TaskRequest, timeout_seconds: float | None = None) -> Any:
        """What the step's class answers to start, poll, cancel or logs, or its function to `run`; unchecked.

        A class without `cancel` or `logs` answers None. It is read here, on the thread of the code, and given as
        plain values: no object of an author's class leaves the thread.

        Raises:
            MissingCode: There is no code for this step.
            TaskRaised: The code raised.
            Unreachable: No thread of the workflow is left; Overran where the call took too long.
        """
        seconds = timeout_seconds or self.call_timeout_seconds

        def answer() -> Any:
            try:
                method = self._method(step_id, verb)
                given = method(request) if method else None
                if inspect.isawaitable(given):
                    given = asyncio.run(_within(given, seconds, self.workflow))
                return plain_answer(given, step_id)
            except ForkjoinError:
                raise
            except BaseException as error:  # sys.exit in a task must not end more than the task
                raise taken_down(error) from None

        return await self._threads.run(answer, seconds)

    def close(self) -> None:
        """Take the code out of use; calls at work come to their end unheard."""
        self._threads.close()
        if self._module is not None:
            _forget(self._module.__name__)

    def _method(self, step_id: str, verb: str) -> Callable[[TaskRequest], Any] | None:
        self._load()
        work = self._works.get(step_id)
        if work is None:
            raise MissingCode(f"{self.path} binds nothing to step '{step_id}'; add @task(\"{step_id}\") and retry.")
        if inspect.isclass(work) == (verb == "run"):
            kind = "class" if verb == "run" else "function"
            raise MissingCode(f"{self.path} binds step '{step_id}' to a {kind} now; its `{verb}` cannot be called.")
        if verb == "run":
            return work  # type: ignore[no-any-return]
        with self._lock:
            if work not in self._objects:
                self._objects[work] = work()
        return getattr(self._objects[work], verb, None)

    def _load(self) -> None:
        with self._lock:
            if self._module is not None:
                return
            stamp = self._stamp()
            if self._broken and self._broken[0] == stamp:
                raise self._broken[1]
            try:
                self._import()
            except BaseException as error:  # whatever top-level code of an author may raise
                said = error.message if isinstance(error, MissingCode) else self._import_sentence(error)
                self._broken = (stamp, MissingCode(said))
                raise self._broken[1] from None

    def _import(self) -> None:
        assert self.path is not None
        text = self.path.read_bytes()
        name = f"forkjoin_workflow_{re.sub(r'[^0-9A-Za-z_]', '_', self.workflow)}_{next(_numbers)}"
        spec = importlib.util.spec_from_file_location(
            name, self.path, submodule_search_locations=[str(self.path.parent)]
        )
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            exec(compile(text, str(self.path), "exec"), module.__dict__)
            works = self._bound(module)
        except BaseException:
            _forget(name)
            raise
        self._module, self._works, self.hash = module, works, hashlib.sha256(text).hexdigest()

    def _bound(self, module: ModuleType) -> dict[str, Any]:
        works: dict[str, Any] = {}
        for work in vars(module).values():
            if getattr(work, "__module__", None) != module.__name__:
                continue
            for step_id in bound_steps(work):
                if works.setdefault(step_id, work) is not work:
                    raise MissingCode(f"{self.path} binds step '{step_id}' twice; remove one @task and retry.")
        return works

    def _stamp(self) -> tuple[int, int]:
        """What changes when the file is corrected."""
        if self.path is None:
            raise MissingCode(f"Workflow '{self.workflow}' has no tasks.py; put it back and reload the workflows.")
        try:
            found = self.path.stat()
        except OSError as error:
            raise MissingCode(f"{self.path} cannot be read: {error.strerror}; put it back and retry.") from error
        return found.st_mtime_ns, found.st_size

    def _import_sentence(self, error: BaseException) -> str:
        return f"{self.path} cannot be imported: {taken_down(error)}; correct it and retry."


async def _within(given: Awaitable[Any], seconds: float, workflow: str) -> Any:
    """Await an answer, giving it up in good order where it can be given up."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await given
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Overran(f"Code of workflow '{workflow}' did not come back within {seconds:g} s.") from error


def _forget(name: str) -> None:
    for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        sys.modules.pop(known, None)
