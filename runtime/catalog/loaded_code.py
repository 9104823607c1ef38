"""One import of a tasks.py: the classes and functions it binds, as they were at that moment."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast

from runtime.authoring import bound_steps
from runtime.catalog import fresh_modules
from runtime.catalog.code_files import Seen
from runtime.errors import ForkjoinError
from runtime.model.task import TaskRequest

_numbers = itertools.count(1)
Method = Callable[[TaskRequest], object]
"""Task code; it may answer anything, or an awaitable of that."""


class MissingCode(ForkjoinError):
    """The Python code of a task is missing: no file, it does not import, or it does not bind the step."""


class LoadedCode:
    """The module of a tasks.py and what it binds; its calls are counted, so that it can be dropped after the last."""

    def __init__(self, workflow: str, path: Path, seen: Seen) -> None:
        """Import the module; raises what its top-level code raises, MissingCode if a step is bound twice."""
        self.path = path
        self.seen = seen
        self.calls = 0
        self._lock = threading.RLock()
        self._objects: dict[type, object] = {}
        name = f"{fresh_modules.PREFIX}{re.sub(r'[^0-9A-Za-z_]', '_', workflow)}_{next(_numbers)}"
        spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=[str(path.parent)])
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        fresh_modules.install()
        importlib.invalidate_caches()
        self._forget_siblings()
        sys.modules[name] = module
        self._name = name
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
            self._works = self._bound(module)
        except BaseException:
            self.forget()
            raise

    def method(self, step_id: str, verb: str) -> Method | None:
        """The method that answers a verb for a step, `run` for local work; None if its class does not have it.

        Raises MissingCode: the step is bound to nothing, or to the wrong kind of code.
        """
        work = self._works.get(step_id)
        if work is None:
            raise MissingCode(f"{self.path} binds nothing to step '{step_id}'; add @task(\"{step_id}\") and retry.")
        is_class = isinstance(work, type)
        if is_class == (verb == "run"):
            kind = "class" if is_class else "function"
            raise MissingCode(f"{self.path} binds step '{step_id}' to a {kind} now; its `{verb}` cannot be called.")
        if not isinstance(work, type):
            return cast(Method, work)
        with self._lock:
            if work not in self._objects:
                self._objects[work] = work()
        method: Method | None = getattr(self._objects[work], verb, None)
        if method is None and verb == "find":
            # No answer would be read as "no work has this key", and the work started again.
            raise MissingCode(f"{self.path} binds step '{step_id}' to a class that has no `find` now.")
        return method

    def kinds(self) -> dict[str, str]:
        """What is bound to each step: `class` for external work, `function` for local work."""
        return {step: "class" if inspect.isclass(work) else "function" for step, work in self._works.items()}

    def forget(self) -> None:
        """Drop the modules of this import."""
        for known in [known for known in sys.modules if known == self._name or known.startswith(f"{self._name}.")]:
            sys.modules.pop(known, None)

    def _forget_siblings(self) -> None:
        """Have modules beside it read again that were imported by their plain name, from `sys.path`."""
        files = {str(file) for file in self.seen.files}
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) in files and not name.startswith(fresh_modules.PREFIX):
                sys.modules.pop(name, None)

    def _bound(self, module: ModuleType) -> dict[str, object]:
        """What @task marked in the module, by step id; raises MissingCode if a step is bound twice."""
        works: dict[str, object] = {}
        for work in vars(module).values():
            if getattr(work, "__module__", None) != module.__name__:
                continue
            for step_id in bound_steps(work):
                if works.setdefault(step_id, work) is not work:
                    raise MissingCode(f"{self.path} binds step '{step_id}' twice; remove one @task and retry.")
        return works
