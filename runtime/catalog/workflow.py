"""One workflow as its author ships it: FlowJSON, and the Python beside it where there is some."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from runtime.catalog.syntax import BoundTasks, read_tasks
from runtime.errors import InvalidInput, NotFound
from runtime.flow.definition import Flow
from runtime.flow.loader import flow_from_stored

FLOW_FILE = "flow.json"
TASKS_FILE = "tasks.py"
FLOW_BYTES = 5_000_000
"""Largest flow file that is read (DESIGN section 4)."""


@dataclass(frozen=True)
class Code:
    """A tasks.py as it lies on disk, read but not run."""

    path: Path
    hash: str | None = None
    """SHA-256 of the file, hex; None where it cannot be read."""
    tasks: Mapping[str, str] = field(default_factory=dict)
    """Step ids it binds, each `class` (external work) or `function` (local work)."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """A workflow found on disk; its flow is not checked until somebody asks for that."""

    name: str
    path: Path
    """The FlowJSON file."""
    source: Mapping[str, Any] | None = None
    """The FlowJSON; None where the file cannot be read as a JSON object."""
    code: Code | None = None
    file_problems: tuple[str, ...] = ()

    @property
    def tasks(self) -> Mapping[str, str]:
        """Step ids bound in tasks.py, each `class` or `function`."""
        return self.code.tasks if self.code else {}

    @property
    def code_path(self) -> str | None:
        """Where its tasks.py is, to be recorded with a run."""
        return str(self.code.path) if self.code else None

    @property
    def code_hash(self) -> str | None:
        """SHA-256 of its tasks.py, to be recorded with a run."""
        return self.code.hash if self.code else None

    @cached_property
    def flow(self) -> Flow | None:
        """The flow, unchecked; None where it is too broken to be read at all."""
        try:
            return flow_from_stored(self.source) if self.source is not None else None
        except (InvalidInput, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong at first sight; `Catalog.check` finds everything."""
        found = self.file_problems + (self.code.problems if self.code else ())
        if self.source is not None and self.flow is None:
            found += (f"{self.path} is not a flow; see `forkjoin validate`.",)
        return found


def read_workflow(path: Path) -> Workflow:
    """The workflow of a FlowJSON file, named after the file, or after its folder for `flow.json`."""
    path = path.absolute()
    name = path.parent.name if path.name == FLOW_FILE else path.stem
    tasks = path.with_name(TASKS_FILE)
    code = read_code(tasks) if tasks.is_file() else None
    try:
        return Workflow(name, path, read_flow_file(path), code)
    except (InvalidInput, NotFound) as error:
        return Workflow(name, path, None, code, (error.message,))


def read_flow_file(path: Path) -> Mapping[str, Any]:
    """The JSON object of a flow file.

    Raises:
        NotFound: There is no such file.
        InvalidInput: It cannot be read, is over 5 MB, or holds no JSON object.
    """
    try:
        with path.open("rb") as file:
            text = file.read(FLOW_BYTES + 1)
        if len(text) > FLOW_BYTES:
            raise InvalidInput(f"{path} is over 5 MB; a flow is at most 5 MB.")
        source = json.loads(text, parse_constant=_refuse)
    except FileNotFoundError as error:
        raise NotFound(f"There is no flow file {path}.") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}; check the file and its permissions.") from error
    except RecursionError as error:
        raise InvalidInput(f"{path} is nested too deeply to be a flow.") from error
    except ValueError as error:
        raise InvalidInput(f"{path} is not JSON: {error}.") from error
    if not isinstance(source, dict):
        raise InvalidInput(f"{path} holds no JSON object; a flow is one.")
    return source


def read_code(path: Path) -> Code:
    """A tasks.py with the steps it binds, read from its syntax tree."""
    try:
        text = path.read_bytes()
    except OSError as error:
        return Code(path, problems=(f"{path} cannot be read: {error.strerror}; check its permissions.",))
    bound: BoundTasks = read_tasks(text, str(path))
    return Code(path, hashlib.sha256(text).hexdigest(), bound.kinds, bound.problems)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number JSON knows")
