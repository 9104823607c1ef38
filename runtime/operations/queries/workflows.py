"""Which workflows there are, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import Workflow
from runtime.errors import ForkjoinError
from runtime.store.ports.schedules import Schedules


class WorkflowState(msgspec.Struct, frozen=True):
    """A known workflow with its version, tasks and schedule, and everything that is wrong or doubtful."""

    workflow: str
    """The name it is started by: that of its folder."""
    flow_id: str | None
    """None, like version and name, if the flow cannot be read."""
    version: str | None
    name: str | None
    path: Path
    tasks: tuple[str, ...]
    """Steps that its `tasks.py` binds, sorted."""
    schedule: Mapping[str, Any] | None
    """`metadata.schedule` of the flow."""
    schedule_enabled: bool
    problems: tuple[str, ...]
    """Sentences; with one of them the workflow is out of use."""
    unbound: tuple[str, ...]
    """Task steps that are bound to nothing."""
    warnings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line: its problems, else `ok` and what is doubtful."""
        if self.problems:
            return "; ".join(self.problems)
        unbound = ["tasks are bound to nothing: --simulate"] if self.unbound else []
        return "; ".join(["ok", *self.warnings, *unbound])


def workflow_states(catalog: Catalog, stored_schedules: Schedules) -> list[WorkflowState]:
    """Every known workflow; raises InvalidInput if a folder of workflows cannot be read."""
    schedules = stored_schedules.all()
    return [_state(catalog, workflow, schedules) for workflow in catalog.workflows()]


def _state(catalog: Catalog, workflow: Workflow, schedules: Mapping[str, Mapping[str, Any]]) -> WorkflowState:
    flow, verdict = workflow.flow, catalog.verdict(workflow)
    return WorkflowState(
        workflow=workflow.name,
        flow_id=flow.id if flow else None,
        version=flow.version if flow else None,
        name=flow.name if flow else None,
        path=workflow.path,
        tasks=tuple(sorted(catalog.decided(workflow).tasks)),
        schedule=flow.schedule if flow and flow.schedule else None,
        schedule_enabled=bool(schedules.get(workflow.name, {}).get("enabled")),
        problems=tuple(verdict.wrong),
        unbound=tuple(verdict.unbound),
        warnings=tuple(verdict.doubts),
    )


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
