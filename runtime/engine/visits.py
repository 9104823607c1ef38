"""A visit of a step comes to its end, well or badly."""

from __future__ import annotations

from typing import Any

from runtime.engine.draft import Draft
from runtime.model.branch import Branch, Failure
from runtime.model.status import BranchStatus as B


def complete_visit(draft: Draft, branch: Branch, result: Any, status: B = B.COMPLETED) -> None:
    """The step's own work is over: record the result; the token may leave."""
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
    draft.tell("failed", f"{branch.id}: {kind}: {message}", branch)
    if branch.kind == "item":
        draft.gathering[branch.parent or ""] = None
