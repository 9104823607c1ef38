"""Every problem and warning of a workflow: of its flow, of its tasks.py, and of how the two fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runtime.catalog.bindings import doubtful_bindings
from runtime.catalog.workflow import TASKS_FILE, Workflow
from runtime.external.base import ExternalSystem, binding_keys_of
from runtime.flow.check.walking import listed
from runtime.flow.definition import Flow
from runtime.flow.read.loader import FlowWarning, Problem, check_flow
from runtime.nearest import nearest

Check = Callable[[Mapping[str, Any]], list[str]]


def examine(
    workflow: Workflow, checks: Mapping[str, Check] | None, systems: Mapping[str, ExternalSystem], *, simulate: bool
) -> tuple[Flow | None, list[Problem], list[FlowWarning]]:
    """The flow unless it or its tasks.py has problems, all of these, and what is doubtful."""
    warnings = list(workflow.file_warnings)
    if workflow.source is None:
        return None, list(workflow.file_problems), warnings
    code = workflow.code
    wrong = [Problem("TASKS", TASKS_FILE, sentence) for sentence in (code.problems if code else ())]
    unsure = bool(wrong) or (code is not None and code.undecided)
    flow, problems, doubts = check_flow(
        workflow.source,
        known_systems=checks,
        bound_steps=None if simulate or unsure else frozenset(workflow.tasks),
        binding_keys=lambda name: binding_keys_of(systems.get(name)),
    )
    warnings += doubts
    warnings += doubtful_bindings(flow, systems) if flow else ()
    if code is not None and code.doubt:
        warnings.append(FlowWarning("UNDECIDED_TASKS", TASKS_FILE, f"Which steps it binds is not known: {code.doubt}"))
    warnings += _unused(workflow)
    return (None if wrong else flow), problems + wrong, warnings


def _unused(workflow: Workflow) -> Iterator[FlowWarning]:
    """`@task`s that no step names, or whose step says something else."""
    steps = {
        str(step.get("id")): step
        for _, step in listed(workflow.source or {}, "steps")
        if isinstance(step, Mapping) and step.get("type") == "task"
    }
    for step_id in workflow.tasks:
        if step_id not in steps:
            near = nearest(step_id, [name for name in steps if name not in workflow.tasks])
            meant = f"; did you mean '{near}'?" if near else "."
            message = f"@task binds '{step_id}', which is no task step of the flow{meant}"
            yield FlowWarning("UNUSED_TASK", TASKS_FILE, message)
        elif isinstance(metadata := steps[step_id].get("metadata"), Mapping) and "task" in metadata:
            message = f"@task binds '{step_id}', but that step has `metadata.task`, which is what counts."
            yield FlowWarning("UNUSED_TASK", TASKS_FILE, message)
