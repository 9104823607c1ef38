"""Results of steps as conditions, templates and tasks see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.model.branch import Branch, StepVisit

if TYPE_CHECKING:
    from runtime.model.task import Settled


def results(branches: Mapping[str, Branch]) -> dict[str, Any]:
    """The result of the last recorded visit of every step that gave one."""
    last: dict[str, tuple[int, Any]] = {}
    for branch in branches.values():
        if branch.kind == "item":
            continue
        for visit in branch.steps:
            if visit.recorded and visit.visit > last.get(visit.step_id, (0, None))[0]:
                last[visit.step_id] = (visit.visit, visit.result)
    return {step: result for step, (_, result) in last.items()}


def failure_dict(visit: StepVisit) -> dict[str, Any] | None:
    """The failure of a visit as task code sees it."""
    failure = visit.failure
    if failure is None:
        return None
    return {
        "type": failure.type,
        "message": failure.message,
        "details": failure.details,
        "retryable": failure.retryable,
    }


def settled_view(visit: StepVisit, branches: Mapping[str, Branch]) -> tuple[Settled, ...]:
    """What each branch a join consumed, or each item of the dynamic fork before, came to."""
    if visit.settled_items is not None:
        items = [b for b in branches.values() if b.kind == "item" and b.fork == visit.settled_items]
        return tuple(_settled(b, b.steps[-1] if b.steps else None) for b in sorted(items, key=lambda b: b.index or 0))
    return tuple(
        _settled(branches[branch_id], branches[branch_id].steps[index] if index >= 0 else None)
        for branch_id, index in visit.settled
        if branch_id in branches
    )


def _settled(branch: Branch, visit: StepVisit | None) -> Settled:
    from runtime.model.task import Settled

    if visit is None:
        return Settled(branch.id, branch.step_id, "completed")
    return Settled(branch.id, visit.step_id, str(visit.status), visit.result, failure_dict(visit))
