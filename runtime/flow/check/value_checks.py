"""Checks of the values in a flow: against the schemas beside them, and what binds tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runtime.flow.check.walking import listed
from runtime.flow.json_schema import apply_defaults, check, schema_problems
from runtime.flow.problems import Problem
from runtime.nearest import did_you_mean

BindingCheck = Callable[[Mapping[str, Any]], list[str]]
"""Sentences about a `metadata.task` that an external system cannot use."""

_EVENTS = (
    ("eventInput", "eventInputSchema", "STEP_EVENT_INPUT_VALIDATION_ERROR"),
    ("eventOutput", "eventOutputSchema", "STEP_EVENT_OUTPUT_VALIDATION_ERROR"),
)


def value_problems(source: Mapping[str, Any]) -> Iterator[Problem]:
    """Values that do not fit their schemas, and schemas that cannot be used."""
    yield from _against(source, "globalStateSchema", "globalState", "$", "GLOBAL_STATE_VALIDATION_ERROR")
    for path, step in listed(source, "steps"):
        if not isinstance(step, Mapping):
            continue
        if step.get("type") == "task":
            yield from _against(step, "paramsSchema", "params", path, "STEP_PARAMS_VALIDATION_ERROR")
        elif step.get("type") == "waitForEvent":
            for side, schema_name, code in _EVENTS:
                if isinstance(step.get(side), Mapping):
                    yield from _against(step[side], schema_name, "value", f"{path}.{side}", code)
        metadata = step.get("metadata")
        if isinstance(metadata, Mapping) and isinstance(metadata.get("resultSchema"), Mapping):
            for sentence in schema_problems(metadata["resultSchema"]):
                yield Problem("SCHEMA", f"{path}.metadata.resultSchema", sentence)


def binding_problems(
    source: Mapping[str, Any],
    known_systems: Mapping[str, BindingCheck] | None,
    bound_steps: frozenset[str] | None,
) -> Iterator[Problem]:
    """Tasks bound to nothing, to an unknown external system, or in a way their system cannot use."""
    for path, step in listed(source, "steps"):
        if not isinstance(step, Mapping) or step.get("type") != "task":
            continue
        metadata = step.get("metadata")
        task = metadata.get("task") if isinstance(metadata, Mapping) else None
        if task is None:
            step_id = step.get("id")
            if bound_steps is not None and isinstance(step_id, str) and step_id not in bound_steps:
                message = (
                    f"Nothing says how the task {step_id!r} is done: give it `metadata.task`, write it in "
                    "tasks.py, or start with --simulate."
                )
                yield Problem("UNBOUND_TASK", path, message)
        elif isinstance(task, Mapping) and isinstance(task.get("system"), str) and known_systems is not None:
            problems = known_systems.get(task["system"])
            if problems is None:
                near = did_you_mean(task["system"], known_systems)
                message = f"There is no external system {task['system']!r}; known are {_names(known_systems)}.{near}"
                yield Problem("UNKNOWN_SYSTEM", f"{path}.metadata.task.system", message)
            else:
                yield from (Problem("SCHEMA", f"{path}.metadata.task", sentence) for sentence in problems(task))


def _against(holder: Mapping[str, Any], schema_name: str, value_name: str, path: str, code: str) -> Iterator[Problem]:
    """Problems of a value with the schema beside it; a value that is not there is not checked."""
    schema = holder.get(schema_name)
    if not isinstance(schema, Mapping):
        return
    unusable = schema_problems(schema)
    for sentence in unusable:
        yield Problem("SCHEMA", f"{path}.{schema_name}", sentence)
    if unusable or value_name not in holder:
        return
    for sentence in check(schema, apply_defaults(schema, holder[value_name])):
        where, _, reason = sentence.partition(": ")
        found = where.startswith("$") and bool(reason)
        yield Problem(
            code,
            f"{path}.{value_name}{where[1:]}" if found else f"{path}.{value_name}",
            f"The value does not fit: {reason}" if found else sentence,
        )


def _names(systems: Mapping[str, BindingCheck]) -> str:
    return ", ".join(sorted(systems)) or "none"
