"""All workflows that are known, and the program of every run, in the version the run started with."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.catalog.bindings import bind
from runtime.catalog.code import TaskCode
from runtime.catalog.current_code import CurrentCode
from runtime.catalog.deciding import Deciding, Probe
from runtime.catalog.examining import Check, examine
from runtime.catalog.folders import BUILT_IN, find_workflows, folders_stamp
from runtime.catalog.python_system import run_local
from runtime.catalog.verdict import Verdict
from runtime.catalog.workflow import FLOW_FILE, TASKS_FILE, Code, Workflow, read_flow_file, read_workflow
from runtime.errors import FlowProblems, InvalidInput, NotFound
from runtime.external.base import ExternalSystem
from runtime.flow.definition import Flow
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.loader import FlowWarning, Problem, flow_from_stored
from runtime.logs import get_logger
from runtime.model.run import Run
from runtime.model.task import Completed, Failed, TaskRequest
from runtime.nearest import did_you_mean

log = get_logger(__name__)
PROGRAMS_KEPT = 256
LOOK_SECONDS = 1.0
"""How often the folders of workflows are looked at for changes."""


class Catalog:
    """Finds workflows by folder and gives runs their programs; safe to ask from several threads.

    Nothing here imports a tasks.py but `code` and `run_local`, which only the scheduler calls.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        binding_checks: Mapping[str, Check] | None = None,
        systems: Mapping[str, ExternalSystem] | None = None,
        threads_per_workflow: int = 8,
        call_timeout_seconds: float = 30.0,
        built_in: bool = True,
        probe: Probe | None = None,
        examined_with: Mapping[str, ExternalSystem] | None = None,
    ) -> None:
        """Make a catalog over the built-in workflows, then these folders; later ones win a name.

        `binding_checks` says per system what is wrong with a `metadata.task`; `systems` names targets;
        `examined_with` are asked what is doubtful, if others than these; `probe` runs a tasks.py, apart from this
        process, whose syntax tree does not say what it binds.
        """
        self._folders = [*([BUILT_IN] if built_in else []), *folders]
        self._checks = binding_checks
        self.systems = systems if systems is not None else {}
        self._examined_with = examined_with if examined_with is not None else self.systems
        self._threads = threads_per_workflow
        self._timeout = call_timeout_seconds
        self._lock = threading.RLock()
        self._found: dict[str, Workflow] | None = None
        self._found_stamp: object = None
        self._looked_at = 0.0
        self._current = CurrentCode()
        self._deciding = Deciding(probe)
        self._unreadable: list[str] = []
        self._verdicts: dict[Path, tuple[Workflow, Verdict]] = {}
        self._programs: OrderedDict[tuple[object, ...], Program] = OrderedDict()
        self._codes: dict[str, TaskCode] = {}

    def workflows(self) -> list[Workflow]:
        """Every workflow of the folders, by name; InvalidInput if a folder cannot be read."""
        found = self.known()
        if self._unreadable:
            raise InvalidInput(" ".join(self._unreadable))
        return found

    def known(self) -> list[Workflow]:
        """Every workflow that can be found, by name."""
        return list(self._by_name().values())

    def named(self, name: str) -> Workflow | None:
        """The workflow of this name in the folders, or None."""
        return self._by_name().get(name)

    def verdict(self, workflow: Workflow) -> Verdict:
        """What is wrong with a workflow as it was read, looked for once.

        Those of the program itself were checked when it was made, so that looking at them stays light.
        """
        if BUILT_IN in workflow.path.parents and not workflow.problems:
            return Verdict()
        workflow = self._as_now(workflow)
        with self._lock:
            kept = self._verdicts.get(workflow.path)
        if kept is not None and kept[0].source is workflow.source and kept[0].code == workflow.code:
            return kept[1]
        try:
            _, problems, warnings = self.examine(workflow)
            found = Verdict(tuple(problems), tuple(warnings))
        except Exception as error:  # a fault of ours in a check must not hide the other workflows
            found = Verdict((Problem("SCHEMA", "$", f"It cannot be checked: {type(error).__name__}: {error}."),))
        with self._lock:
            self._verdicts[workflow.path] = (workflow, found)
        return found

    def reload(self) -> None:
        """Look at the folders again, and at code that could not be imported, whether they changed or not."""
        with self._lock:
            self._look_again(folders_stamp(self._folders))
            self._verdicts.clear()
            self._programs.clear()
            for path, code in list(self._codes.items()):
                if code.hash is None or not Path(path).is_file():
                    self._codes.pop(path).close()

    def find(self, name_or_path: str | Path) -> Workflow:
        """The workflow of this name, or of this flow file or workflow folder, whether its flow is sound or not.

        A folder gives its name; a file the id of its flow, for files of one name lie in many places.

        Raises:
            NotFound: Neither is there.
            InvalidInput: Nor can a folder be read in which it may be.
        """
        written = os.fspath(name_or_path)
        known = self._by_name()
        if written in known:
            return self._as_now(known[written])
        path = Path(written)
        in_folder = path.is_dir() and (path / FLOW_FILE).is_file()
        if in_folder or path.is_file():
            file = (path / FLOW_FILE if in_folder else path).absolute()
            same = (w for w in known.values() if w.path == file)
            return next((self._as_now(w) for w in same), None) or (
                replace(read_workflow(file), loose=True) if in_folder else read_flow_file(file)
            )
        if self._unreadable:
            raise InvalidInput(" ".join(self._unreadable))
        if path.suffix == ".json" or os.sep in written:
            raise NotFound(f"There is no flow file {written}.")
        names = ", ".join(known) or "none"
        near = did_you_mean(written, known)
        raise NotFound(
            f"There is no workflow '{written}'. Known: {names}. Others need --workflows or a flow file.{near}"
        )

    def check(self, workflow: Workflow, *, simulate: bool = False) -> Flow:
        """The flow of a workflow whose flow and tasks.py have no problem; its `source` is what a run stores.

        With `simulate`, tasks bound to nothing are accepted.

        Raises:
            FlowProblems: `problems` holds everything that is wrong.
        """
        flow, problems, _ = self.examine(workflow, simulate=simulate)
        if flow is None:
            more = f" It is the first of {len(problems)} problems; see `forkjoin validate`." if problems[1:] else ""
            first = f"({problems[0].code} at {problems[0].path}): {problems[0].message}"
            raise FlowProblems(f"Workflow '{workflow.name}' cannot be used {first}{more}", problems)
        return flow

    def examine(
        self, workflow: Workflow, *, simulate: bool = False
    ) -> tuple[Flow | None, list[Problem], list[FlowWarning]]:
        """The flow unless it or its tasks.py has problems, all of these, and what is doubtful."""
        return examine(self.decided(workflow), self._checks, self._examined_with, simulate=simulate)

    def decided(self, workflow: Workflow) -> Workflow:
        """A workflow whose code says what it truly binds, as far as that can be found."""
        code = self._deciding.decided(workflow.code)
        return workflow if code is workflow.code else replace(workflow, code=code)

    def decide_all(self) -> None:
        """Find what every workflow binds, before a scheduler drives: running a tasks.py takes its time."""
        for workflow in self.known():
            self.decided(workflow)

    def program(self, run: Run, source: Mapping[str, Any] | Callable[[], Mapping[str, Any]]) -> Program:
        """The program of a run, from the FlowJSON stored for it and the code as it is now.

        `source` may be a call that fetches it, made only if the program is not at hand.
        """
        code = self._deciding.decided(self.code_of(run))
        code_key = (str(code.path), code.hash) if code else None
        key = (run.flow_hash, run.workflow, run.simulated, code_key)
        with self._lock:
            if key in self._programs:
                self._programs.move_to_end(key)
                return self._programs[key]
        flow = flow_from_stored(source() if callable(source) else source)
        bindings = bind(flow, run.workflow, code, self.systems, simulated=run.simulated)
        program = Program(run.workflow, flow, FlowGraph(flow.steps, flow.connections), bindings)
        with self._lock:
            self._programs[key] = program
            while len(self._programs) > PROGRAMS_KEPT:
                self._programs.popitem(last=False)
        return program

    def code_of(self, run: Run) -> Code | None:
        """The tasks.py of a run: the one it recorded while that is there, else that of its workflow's name.

        A run that was started from a path has only what it recorded: a workflow of that name is another.
        """
        known = self._by_name().get(run.workflow) if run.flow_file is None else None
        if run.code_path is not None:
            recorded = self._current.get(Path(run.code_path), settling=True)
            if recorded is not None:
                return recorded
        if known is None:
            return None
        return self._current.get(known.path.with_name(TASKS_FILE), settling=True)

    def recorded_code(self, path: str) -> Code | None:
        """The tasks.py at a path that a run recorded, if it is still there."""
        return self._current.get(Path(path))

    def code(self, config: Mapping[str, Any]) -> TaskCode:
        """The code a Python binding names, to be called; its threads are shared by all runs of the workflow."""
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

    async def run_local(
        self, binding: Binding, request: TaskRequest, timeout_seconds: float | None = None
    ) -> Completed | Failed:
        """Run the local work of a step; Unreachable if the workflow has no thread left (nothing was run)."""
        return await run_local(self.code(binding.config), request, timeout_seconds)

    def system_names(self) -> list[str]:
        """Names of the external systems that are installed."""
        return sorted(self.systems)

    def target(self, task: Mapping[str, Any]) -> str:
        """The target of a task's binding; empty where its system is not installed or cannot say."""
        system = self.systems.get(str(task.get("system", "")))
        try:
            return system.target(task) if system is not None else ""
        except Exception:  # a binding that nobody has checked, given to a system of somebody else
            return ""

    def stuck_threads(self) -> dict[str, int]:
        """Threads written off, by workflow; only workflows that have some."""
        with self._lock:
            return {code.workflow: code.stuck for code in self._codes.values() if code.stuck}

    def close(self) -> None:
        """Let the threads of all workflows end."""
        with self._lock:
            for code in self._codes.values():
                code.close()
            self._codes.clear()

    def _by_name(self) -> dict[str, Workflow]:
        """The workflows of the folders; whether a flow or a folder changed is looked at once a second."""
        with self._lock:
            now = time.monotonic()
            if self._found is not None and now - self._looked_at < LOOK_SECONDS:
                return self._found
            stamp = folders_stamp(self._folders)
            if self._found is None or stamp != self._found_stamp:
                return self._look_again(stamp)
            self._looked_at = now
            return self._found

    def _look_again(self, stamp: object) -> dict[str, Workflow]:
        """Find the workflows anew; a folder that cannot be read now keeps what it had."""
        found, unreadable = find_workflows(self._folders)
        if unreadable and self._found is not None:
            if unreadable != self._unreadable:
                log.warning("workflows.unreadable", problems=" ".join(unreadable))
            found = {**self._found, **found}
        self._found, self._unreadable = found, unreadable
        self._found_stamp, self._looked_at = stamp, time.monotonic()
        return found

    def _as_now(self, workflow: Workflow) -> Workflow:
        """A workflow with its code as it is now."""
        path = workflow.path.with_name(TASKS_FILE)
        code = self._current.get(path)
        if code is None and workflow.code is not None and os.path.lexists(path):
            return workflow  # what is there cannot be read, as it says
        return workflow if code == workflow.code else replace(workflow, code=code)
