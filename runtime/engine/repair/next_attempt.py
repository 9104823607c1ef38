"""The next attempt of a repaired branch: a new key, the old key, or the work that runs already."""

from __future__ import annotations

from runtime.engine.draft import Draft
from runtime.errors import Refused
from runtime.model.branch import Attempt, Branch
from runtime.model.status import BranchStatus as B
from runtime.model.status import StartFact


def leave_again(draft: Draft, branch: Branch, *, recorded: bool) -> None:
    if recorded:
        branch = draft.change_visit(branch, status=B.COMPLETED, failure=None)
        draft.change(branch, status=B.PENDING)
    else:
        new_attempt(draft, branch)


def new_attempt(draft: Draft, branch: Branch) -> None:
    visit = branch.current
    assert visit is not None
    number = visit.attempts[-1].attempt if visit.attempts else 0
    step = draft.program.step(branch.step_id)
    if not visit.attempts and (step.for_each or step.type != "task") and branch.kind != "item":
        # The step itself failed before any attempt: it is entered again as a new visit.
        index = branch.current_index
        draft.change_visit(branch, index=index, status=B.SUPERSEDED)
        draft.change(draft.branches[branch.id], status=B.PENDING, visit=0)
        return
    branch = draft.change_visit(
        branch,
        status=B.PENDING,
        failure=None,
        ended_at=None,
        budget_from=number + 1,
        budget_at=draft.now,
    )
    draft.change(branch, status=B.PENDING, retry_at=None, next_poll_at=None, expired=False, acknowledged=None)


def same_key(draft: Draft, branch: Branch, attempt: Attempt) -> str:
    branch = draft.change_attempt(
        branch,
        attempt.attempt,
        status=B.STARTING,
        external_id=None,
        started_at=None,
        ended_at=None,
        failure=None,
        cancel=None,
        requested_at=draft.now,
        start=StartFact.WANTED,
    )
    _work_again(draft, branch, B.STARTING, attempt.attempt)
    return f"{branch.id} is started again under its old key {attempt.idempotency_key}."


def reattach(draft: Draft, branch: Branch, attempt: Attempt) -> str:
    if attempt.external_id is None:
        raise Refused(f"{branch.id} has no external id to reattach to; use --intent same-key or new-attempt.")
    branch = draft.change_attempt(
        branch,
        attempt.attempt,
        status=B.RUNNING,
        ended_at=None,
        failure=None,
        cancel=None,
        requested_at=draft.now,
    )
    _work_again(draft, branch, B.RUNNING, attempt.attempt)
    return f"{branch.id} is polled again as {attempt.external_id}; nothing is started."


def _work_again(draft: Draft, branch: Branch, status: B, number: int) -> None:
    branch = draft.change_visit(
        branch, status=status, failure=None, ended_at=None, budget_from=number, budget_at=draft.now
    )
    draft.change(
        branch,
        status=status,
        retry_at=None,
        next_poll_at=draft.now if status is B.RUNNING else None,
        poll_streak=0,
        expired=False,
        observation=None,
        last_poll_failure=None,
        acknowledged=None,
    )
