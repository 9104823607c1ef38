"""Taking work back: branches cancelled or superseded, and the cancels owed to external systems."""

from __future__ import annotations

from runtime.engine.draft import Draft
from runtime.engine.paths import fork_id
from runtime.model.branch import Branch, Cancel
from runtime.model.status import BranchStatus as B


def owe_cancels(draft: Draft, branch: Branch, *, from_index: int = 0) -> Branch:
    """Owe a cancel for every attempt, from a visit on, whose external work may still run."""
    for index, _, attempt in list(draft.open_attempts(branch)):
        if index < from_index or attempt.cancel is not None:
            continue
        if attempt.external_system == "local":
            branch = draft.change_attempt(branch, attempt.attempt, index=index, status=B.CANCELLED, ended_at=draft.now)
            continue
        branch = draft.change_attempt(
            branch,
            attempt.attempt,
            index=index,
            cancel=Cancel(requested_at=draft.now, next_at=draft.now),
        )
    return branch


def cancel_branch(draft: Draft, branch: Branch, cancelled_by: str | None) -> Branch:
    """Cancel a branch, and the items it stands behind; settled for the flow at once."""
    branch = owe_cancels(draft, branch)
    visit = branch.current
    if visit is not None:
        if visit.items is not None:
            fork = fork_id(branch.id, visit.step_id, visit.visit)
            for item in [b for b in draft.branches.values() if b.fork == fork and b.kind == "item"]:
                if item.status not in (B.COMPLETED, B.SKIPPED, B.FAILED, B.CANCELLED, B.SUPERSEDED):
                    cancel_branch(draft, item, cancelled_by)
        if not visit.recorded and visit.status is not B.FAILED:
            branch = draft.change_visit(draft.branches[branch.id], status=B.CANCELLED, ended_at=draft.now)
    branch = draft.change(
        draft.branches[branch.id],
        status=B.CANCELLED,
        cancelled_by=cancelled_by,
        next_poll_at=None,
        retry_at=None,
        held_by=None,
    )
    draft.tell("cancelled", f"{branch.id} was cancelled" + (f" by {cancelled_by}" if cancelled_by else ""), branch)
    return branch
