"""All workflows that can be found, and the program of every run, in the version the run started with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runtime.catalog.bindings import bind
from runtime.catalog.current_code import CurrentCode
from runtime.catalog.deciding import Deciding
from runtime.catalog.folders import BUILT_IN
from runtime.catalog.program_cache import ProgramCache
from runtime.catalog.verdict_cache import VerdictCache
from runtime.catalog.workflow import TASKS_FILE, Code, Workflow
from runtime.catalog.workflow_index import WorkflowIndex
from runtime.errors import FlowProblems
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Program
from runtime.flow.read.building import flow_from_stored

if TYPE_CHECKING:
    from runtime.catalog.code import TaskCode
    from runtime.catalog.deciding import Probe
    from runtime.catalog.examining import Check
    from runtime.catalog.task_codes import TaskCodes
    from runtime.catalog.verdict import Verdict
    from runtime.external.base import ExternalSystem
    from runtime.flow.definition import Flow
    from runtime.flow.problems import FlowWarning, Problem
    from runtime.flow.program import Binding
    from runtime.model.run import Run
    from runtime.model.task import Completed, Failed, TaskRequest


class Catalog:
    """Finds workflows by folder and gives runs their programs; safe for several threads.

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
        self.systems = systems if systems is not None else {}
        self._binding_checks = binding_checks
        self._examined_with = examined_with if examined_with is not None else self.systems
        self._current_code = CurrentCode()
        self._index = WorkflowIndex([*([BUILT_IN] if built_in else []), *folders], self._current_code)
        self._deciding = Deciding(probe)
        self._verdicts = VerdictCache()
        self._programs = ProgramCache()
        self._threads_per_workflow = threads_per_workflow
        self._call_timeout_seconds = call_timeout_seconds
        self._codes: TaskCodes | None = None
        """Task code that is run; who only reads loads none of what runs it."""
        self._making_codes = threading.Lock()

    def workflows(self) -> list[Workflow]:
        """Every workflow of the folders, by name; raises InvalidInput if a folder cannot be read."""
        workflows = self.known()
        self._index.refuse_unreadable()
        return workflows

    def known(self) -> list[Workflow]:
        """Every workflow that can be read, by name."""
        return list(self._index.by_name().values())

    def named(self, name: str) -> Workflow | None:
        """The workflow of this name in the folders, or None."""
        return self._index.by_name().get(name)

    def find(self, name_or_path: str | Path) -> Workflow:
        """The workflow of this name, or of this flow file or workflow folder, whether its flow is sound or not.

        A folder gives its name; a file the id of its flow, for files of one name lie in many places.

        Raises:
            NotFound: Neither is there.
            InvalidInput: It is not there, and a folder in which it may be cannot be read.
        """
        return self._index.find(name_or_path)

    def reload(self) -> None:
        """Look at the folders again, and at code that could not be imported, whether they changed or not."""
        self._index.reload()
        self._verdicts.clear()
        self._programs.clear()
        if self._codes is not None:
            self._codes.reload()

    def verdict(self, workflow: Workflow) -> Verdict:
        """What is wrong with a workflow as it was read, looked for once.

        Built-in workflows were checked when the program was made, so that looking at them stays light.
        """
        from runtime.catalog.verdict import Verdict

        if BUILT_IN in workflow.path.parents and not workflow.problems:
            return Verdict()
        workflow = self._index.with_current_code(workflow)
        verdict = self._verdicts.get(workflow)
        if verdict is None:
            verdict = self._examined(workflow)
            self._verdicts.put(workflow, verdict)
        return verdict

    def _examined(self, workflow: Workflow) -> Verdict:
        from runtime.catalog.verdict import Verdict
        from runtime.flow.problems import Problem

        try:
            _, problems, warnings = self.examine(workflow)
        except Exception as error:  # a fault of ours in a check must not hide the other workflows
            return Verdict((Problem("SCHEMA", "$", f"It cannot be checked: {type(error).__name__}: {error}."),))
        return Verdict(tuple(problems), tuple(warnings))

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
        from runtime.catalog.examining import examine

        return examine(self.decided(workflow), self._binding_checks, self._examined_with, simulate=simulate)

    def decided(self, workflow: Workflow) -> Workflow:
        """The workflow with what its code truly binds, as far as that can be found."""
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
        key = (run.flow_hash, run.workflow, run.simulated, (str(code.path), code.hash) if code else None)
        program = self._programs.get(key)
        if program is None:
            flow = flow_from_stored(source() if callable(source) else source)
            bindings = bind(flow, run.workflow, code, self.systems, simulated=run.simulated)
            program = Program(run.workflow, flow, FlowGraph(flow.steps, flow.connections), bindings)
            self._programs.put(key, program)
        return program

    def code_of(self, run: Run) -> Code | None:
        """The tasks.py of a run: the one it recorded while that is there, else that of its workflow's name.

        A run that was started from a path has only what it recorded: a workflow of that name is another.
        """
        if run.code_path is not None:
            recorded = self._current_code.get(Path(run.code_path), settling=True)
            if recorded is not None:
                return recorded
        path = self._index.path_of(run.workflow) if run.flow_file is None else None
        return self._current_code.get(path.with_name(TASKS_FILE), settling=True) if path is not None else None

    def recorded_code(self, path: str) -> Code | None:
        """The tasks.py at a path that a run recorded, if it is still there."""
        return self._current_code.get(Path(path))

    def code(self, config: Mapping[str, Any]) -> TaskCode:
        """The code a Python binding names, to be called."""
        if self._codes is None:
            from runtime.catalog.task_codes import TaskCodes

            with self._making_codes:
                self._codes = self._codes or TaskCodes(self._threads_per_workflow, self._call_timeout_seconds)
        return self._codes.of(config)

    async def run_local(
        self, binding: Binding, request: TaskRequest, timeout_seconds: float | None = None
    ) -> Completed | Failed:
        """Run the local work of a step; raises Unreachable if the workflow has no thread left (nothing was run)."""
        from runtime.catalog.python_system import run_local

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
        """Number of threads written off, by workflow; only workflows that have some."""
        return self._codes.stuck_threads() if self._codes is not None else {}

    def close(self) -> None:
        """Let the threads of all workflows end."""
        if self._codes is not None:
            self._codes.close()
