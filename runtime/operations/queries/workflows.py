"""Which workflows there are, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from runtime.catalog import Catalog
from runtime.errors import ForkjoinError
from runtime.store.base import RunStore


def workflow_views(catalog: Catalog, store: RunStore) -> list[dict[str, Any]]:
    """Known workflows with their versions, tasks, schedules, and everything that is wrong or doubtful.

    Raises InvalidInput if a folder of workflows cannot be read.
    """
    states = store.schedules()
    shown = []
    for workflow in catalog.workflows():
        flow, verdict = workflow.flow, catalog.verdict(workflow)
        tasks = catalog.decided(workflow).tasks
        shown.append(
            {
                "workflow": workflow.name,
                "id": flow.id if flow else None,
                "version": flow.version if flow else None,
                "name": flow.name if flow else None,
                "path": str(workflow.path),
                "tasks": sorted(tasks),
                "schedule": dict(flow.schedule) if flow and flow.schedule else None,
                "schedule_enabled": bool(states.get(workflow.name, {}).get("enabled")),
                "problems": list(verdict.wrong),
                "unbound": list(verdict.unbound),
                "warnings": list(verdict.doubts),
            }
        )
    return shown


def workflows_check(catalog: Catalog) -> tuple[bool, str]:
    """Whether all workflows can be used, and what is to be corrected."""
    try:
        known = catalog.workflows()
    except ForkjoinError as problem:
        return False, problem.message
    wrong = [(workflow, found) for workflow in known if (found := catalog.verdict(workflow).wrong)]
    if not wrong:
        return True, f"{len(known)} known"
    told = [f"{w.name} ({w.path}): {f[0]}" + (f" (and {len(f) - 1} more)" if f[1:] else "") for w, f in wrong]
    return False, "; ".join(told)


def state_text(view: dict[str, Any]) -> str:
    """How a workflow is, in a line: its problems, else that it is well and what is doubtful."""
    if view["problems"]:
        return "; ".join(view["problems"])
    doubts = [*view["warnings"], *(["tasks are bound to nothing: --simulate"] if view["unbound"] else [])]
    return "; ".join(["ok", *doubts])
