"""What each task step of a flow is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.catalog.workflow import Code
from runtime.external.base import Abilities, ExternalSystem, abilities_of, doubts_of
from runtime.flow.definition import Flow
from runtime.flow.problems import FlowWarning
from runtime.flow.program import Binding


def bind(
    flow: Flow, workflow: str, code: Code | None, systems: Mapping[str, ExternalSystem], *, simulated: bool
) -> dict[str, Binding]:
    """Bindings by step id: `metadata.task`, else tasks.py, else the simulated system where the run asks for it."""
    kinds = code.tasks if code else {}
    bindings: dict[str, Binding] = {}
    for step in flow.steps:
        if step.type != "task":
            continue
        if step.task is not None:
            name = str(step.task.get("system", ""))
            bindings[step.id] = _bound(name, step.task, systems.get(name))
        elif step.id in kinds and code is not None:
            name = "python" if kinds[step.id] == "class" else "local"
            config = {"system": name, "workflow": workflow, "code": str(code.path)}
            can = code.abilities.get(step.id, Abilities())
            bindings[step.id] = Binding(name, workflow, config, can.idempotent, can.finds, can.cancels)
        elif simulated:
            bindings[step.id] = _bound("simulated", {"system": "simulated"}, systems.get("simulated"))
    return bindings


def doubtful_bindings(flow: Flow, systems: Mapping[str, ExternalSystem]) -> Iterator[FlowWarning]:
    """Warnings of external systems about bindings that can be used and are doubtful."""
    from runtime.flow.check.walking import listed

    for path, step in listed(flow.source, "steps"):
        task = step.get("metadata", {}).get("task")
        system = systems.get(str(task.get("system"))) if isinstance(task, Mapping) else None
        for sentence in doubts_of(system, task) if isinstance(task, Mapping) else ():
            yield FlowWarning("DOUBTFUL_BINDING", f"{path}.metadata.task", sentence)


def _bound(name: str, task: Mapping[str, Any], system: ExternalSystem | None) -> Binding:
    if system is None:
        return Binding(name, "", task)
    can = abilities_of(system, task)
    return Binding(name, system.target(task), task, can.idempotent, can.finds, can.cancels)
