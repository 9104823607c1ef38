"""What each task step of a flow is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runtime.catalog.workflow import Code
from runtime.external.base import ExternalSystem
from runtime.flow.definition import Flow
from runtime.flow.problems import FlowWarning
from runtime.flow.program import Binding

SIMULATED = Binding("simulated", "", {"system": "simulated"})


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
            target = systems[name].target(step.task) if name in systems else ""
            bindings[step.id] = Binding(name, target, step.task)
        elif step.id in kinds and code is not None:
            name = "python" if kinds[step.id] == "class" else "local"
            config = {"system": name, "workflow": workflow, "code": str(code.path)}
            bindings[step.id] = Binding(name, workflow, config)
        elif simulated:
            bindings[step.id] = SIMULATED
    return bindings


def doubtful_bindings(flow: Flow, systems: Mapping[str, ExternalSystem]) -> Iterator[FlowWarning]:
    """What systems find doubtful in bindings that can be used; a system may do without `doubts`."""
    from runtime.flow.walking import listed

    for path, step in listed(flow.source, "steps"):
        task = step.get("metadata", {}).get("task")
        system = systems.get(str(task.get("system"))) if isinstance(task, Mapping) else None
        for sentence in getattr(system, "doubts", lambda _: ())(task):
            yield FlowWarning("DOUBTFUL_BINDING", f"{path}.metadata.task", sentence)
