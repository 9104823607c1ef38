"""One workflow as its author ships it: FlowJSON, and the Python beside it where there is some."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from runtime.catalog.code_files import MOST_BYTES, Seen, look, read_file
from runtime.catalog.syntax import BoundTasks, read_tasks
from runtime.errors import InvalidInput
from runtime.external.base import Abilities
from runtime.flow.definition import Flow
from runtime.flow.read.flow_text import read_json
from runtime.flow.read.loader import FlowWarning, Problem, flow_from_stored

FLOW_FILE = "flow.json"
TASKS_FILE = "tasks.py"


class Code(msgspec.Struct, frozen=True):
    """A tasks.py as it lies on disk, read but not run."""

    path: Path
    hash: str | None = None
    """SHA-256 of the file, hex; None where it cannot be read."""
    tasks: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Step ids it binds, each `class` (external work) or `function` (local work)."""
    problems: tuple[str, ...] = ()
    undecided: bool = False
    """Whether only running it decides what it binds."""
    doubt: str = ""
    """Why running it did not decide either."""
    abilities: Mapping[str, Abilities] = msgspec.field(default_factory=dict)
    """Abilities that the class of each step declares."""


class Workflow(msgspec.Struct, frozen=True, dict=True):
    """A workflow on disk; its flow is checked only when that is asked for."""

    name: str
    path: Path
    """The FlowJSON file."""
    source: Mapping[str, Any] | None = None
    """The FlowJSON; None where the file cannot be read as a JSON object."""
    code: Code | None = None
    file_problems: tuple[Problem, ...] = ()
    file_warnings: tuple[FlowWarning, ...] = ()
    loose: bool = False
    """It was named by its path and lies in no folder of workflows, so that no scheduler finds it by name."""

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
        """SHA-256 of its code, to be recorded with a run."""
        return self.code.hash if self.code else None

    @cached_property
    def flow(self) -> Flow | None:
        """The flow, unchecked; None where it is too broken to be read at all."""
        try:
            found = flow_from_stored(self.source) if self.source is not None else None
            return found if found is not None and _can_be_shown(found) else None
        except (InvalidInput, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about what is wrong with the files; `Catalog.examine` checks everything."""
        found = [f"{self.path}: {problem.message}" for problem in self.file_problems]
        if self.source is not None and self.flow is None:
            found.append(f"{self.path} is not a flow; see `forkjoin validate`.")
        return (*found, *(self.code.problems if self.code else ()))


def _can_be_shown(flow: Flow) -> bool:
    """Whether the parts of an unchecked flow that are shown everywhere have the right types."""
    texts: list[object] = [flow.id, flow.name, flow.version]
    objects: list[object] = [flow.state_schema, flow.global_state]
    for step in flow.steps:
        texts += [step.id, step.name, step.type, step.duration]
        objects.append(step.params)
    for connection in flow.connections:
        texts += [connection.id, connection.source, connection.target, connection.condition or ""]
    return all(isinstance(text, str) for text in texts) and all(isinstance(one, Mapping) for one in objects)


def read_workflow(path: Path) -> Workflow:
    """The workflow of a folder, by its `flow.json`; it has the name of the folder."""
    return _workflow(path.absolute(), name_of(path.absolute()))


def read_flow_file(path: Path) -> Workflow:
    """The workflow of a FlowJSON file that lies anywhere; it has the id of its flow as its name."""
    found = _workflow(path.absolute(), path.stem)
    flow_id = found.source.get("id") if found.source is not None else None
    return replace(found, name=flow_id if isinstance(flow_id, str) and flow_id else found.name, loose=True)


def _workflow(path: Path, name: str) -> Workflow:
    tasks = path.with_name(TASKS_FILE)
    code = read_code(tasks) if os.path.lexists(tasks) else None
    try:
        text = read_file(path)
    except OSError as error:
        sentence = f"{path} cannot be read: {error.strerror}; check the file and its permissions."
        return Workflow(name, path, None, code, (Problem("SCHEMA", "$", sentence),))
    source, problems, warnings = read_json(text)
    return Workflow(name, path, source, code, tuple(problems), tuple(warnings))


def name_of(path: Path) -> str:
    """The name of the workflow of a flow file: that of its folder, or of the file if it is called otherwise."""
    return path.parent.name if path.name == FLOW_FILE else path.stem


def read_code(path: Path, seen: Seen | None = None) -> Code:
    """A tasks.py with the steps it binds, read from its syntax tree; `seen` if its files were looked at already."""
    try:
        text = read_file(path)
    except OSError as error:
        return Code(path, problems=(f"{path} cannot be read: {error.strerror}; check its permissions.",))
    if len(text) > MOST_BYTES:
        return Code(path, problems=(f"{path} has more than {MOST_BYTES:,} bytes; split it.",))
    bound: BoundTasks = read_tasks(text, str(path))
    return Code(
        path, (seen or look(path)).hash, bound.kinds, bound.problems, bound.undecided, abilities=bound.abilities
    )
