"""A visit of a step comes to its end, well or badly."""

from __future__ import annotations

from typing import Any

from runtime.engine.draft import Draft
from runtime.engine.state_changes import make_changes
from runtime.errors import InvalidInput
from runtime.model.branch import Branch, Failure
from runtime.model.status import BranchStatus as B


def complete_visit(draft: Draft, branch: Branch, result: Any) -> None:
    """The step's own work is over: change the state as `metadata.assign` says, and let the token leave.

    Where that cannot be, the step fails and keeps its result.
    """
    refused = make_changes(draft, branch, result)
    if refused is None:
        record_result(draft, branch, result)
    else:
        fail_visit(draft, draft.change_visit(branch, result=result), refused.type, refused.message)


def settle_by_hand(draft: Draft, branch: Branch, result: Any, status: B = B.COMPLETED) -> None:
    """A step is settled with a result from an operator; raises InvalidInput if `assign` cannot use it."""
    refused = make_changes(draft, branch, result)
    if refused is not None:
        raise InvalidInput(refused.message)
    record_result(draft, branch, result, status)


def record_result(draft: Draft, branch: Branch, result: Any, status: B = B.COMPLETED) -> None:
    """Record the result of a step whose state change is made; the token may leave."""
    branch = draft.change_visit(branch, status=status, result=result, recorded=True, ended_at=draft.now, failure=None)
    branch = draft.change(branch, status=B.PENDING, retry_at=None, next_poll_at=None, held_by=None)
    if branch.kind == "item":
        draft.change(branch, status=status)
        draft.gathering[branch.parent or ""] = None


def fail_visit(draft: Draft, branch: Branch, kind: str, message: str, *, details: Any = None) -> None:
    """The token fails where it stands, for a reason another attempt by itself would not change."""
    failure = Failure(kind, message, draft.now, details)
    branch = draft.change_visit(branch, status=B.FAILED, failure=failure, ended_at=draft.now)
    draft.change(branch, status=B.FAILED, next_poll_at=None, retry_at=None)
    draft.record("failed", f"{branch.id}: {kind}: {message}", branch)
    if branch.kind == "item":
        draft.gathering[branch.parent or ""] = None


def fail_unbound(draft: Draft, branch: Branch) -> None:
    """The step of a branch is bound to nothing: its code is gone, or does not bind it any more."""
    message = (
        f"Nothing is bound to the task {branch.step_id}: write it in tasks.py of {draft.run.workflow} "
        "or give it metadata.task, then retry."
    )
    fail_visit(draft, branch, "MissingCode", message)
