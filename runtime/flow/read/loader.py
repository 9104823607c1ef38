"""Reads flows: from the text of a file, with every problem reported at once, or from what was stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.errors import FlowProblems
from runtime.flow.definition import Flow
from runtime.flow.problems import FlowWarning, Problem
from runtime.flow.read.building import flow_from_stored, flow_hash
from runtime.flow.read.flow_text import read_json

if TYPE_CHECKING:
    from runtime.flow.check.value_checks import BindingCheck
    from runtime.model.binding_keys import KeysOf

__all__ = ["FlowWarning", "Problem", "check_flow", "flow_from_stored", "flow_hash", "read_flow"]


def read_flow(
    data: bytes | str | Mapping[str, Any],
    *,
    known_systems: Mapping[str, BindingCheck] | None = None,
    bound_steps: frozenset[str] | None = None,
) -> Flow:
    """The flow in a file's text or in parsed JSON; arguments as for `check_flow`.

    Raises:
        FlowProblems: The flow has problems; `problems` holds all of them.
    """
    flow, problems, _ = check_flow(data, known_systems=known_systems, bound_steps=bound_steps)
    if flow is None:
        raise FlowProblems(_summary(problems), list(problems))
    return flow


def check_flow(
    data: bytes | str | Mapping[str, Any],
    *,
    known_systems: Mapping[str, BindingCheck] | None = None,
    bound_steps: frozenset[str] | None = None,
    binding_keys: KeysOf | None = None,
) -> tuple[Flow | None, list[Problem], list[FlowWarning]]:
    """Check a flow.

    Args:
        data: The text of a flow file, or its JSON.
        known_systems: The check of a binding of each external system; None leaves bindings unchecked.
        bound_steps: Ids of the steps that `tasks.py` binds; None lets tasks be unbound.
        binding_keys: Returns the keys of the binding of a system, by its name; None leaves keys unchecked.

    Returns:
        The flow, or None if it has problems; all its problems; and what is doubtful about it.
    """
    source, problems, warnings = read_json(data)
    if source is None:
        return None, problems, warnings
    from runtime.flow.check.expression_checks import expression_problems
    from runtime.flow.check.graph_checks import graph_problems, meeting_warnings
    from runtime.flow.check.shape_checks import shape_problems
    from runtime.flow.check.start_checks import start_warnings
    from runtime.flow.check.unknown_keys import binding_key_warnings, key_warnings
    from runtime.flow.check.value_checks import binding_problems, value_problems

    shape = list(shape_problems(source))
    problems = [
        *shape,
        *graph_problems(source),
        *(problem for problem in value_problems(source) if not _told(problem, shape)),
        *expression_problems(source, binding_keys),
        *binding_problems(source, known_systems, bound_steps),
    ]
    warnings += key_warnings(source)
    warnings += binding_key_warnings(source, binding_keys) if binding_keys is not None else ()
    warnings += meeting_warnings(source)
    warnings += start_warnings(source)
    return (None if problems else flow_from_stored(source)), problems, warnings


def _told(problem: Problem, shape: list[Problem]) -> bool:
    """Whether an unusable schema is already explained by the key in it that is wrong."""
    return problem.code == "SCHEMA" and any(other.path.startswith(problem.path) for other in shape)


def _summary(problems: list[Problem]) -> str:
    first = problems[0]
    if len(problems) == 1:
        return f"The flow cannot be used ({first.code} at {first.path}): {first.message}"
    return (
        f"The flow cannot be used: it has {len(problems)} problems. "
        f"The first is {first.code} at {first.path}: {first.message}"
    )
