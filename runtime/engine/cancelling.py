"""Taking work back: branches cancelled or superseded, and the cancels owed to external systems."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.engine.branch_ids import fork_id
from runtime.engine.doubt import place
from runtime.engine.draft import Draft
from runtime.flow.program import Binding
from runtime.model.branch import Attempt, Branch, Cancel
from runtime.model.status import BranchStatus as B
from runtime.model.status import StartFact


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


def next_cancel(draft: Draft, branch: Branch, index: int, attempt: Attempt, binding: Binding) -> str | None:
    """What is called for a cancel that is owed: cancel, or find where the id is unknown; never start.

    None when it is settled without a call: nothing was started, or nobody can carry it out.
    """
    owed = attempt.cancel
    assert owed is not None
    if attempt.external_id is not None:
        if binding.cancels:
            return "cancel"
        why = f"the binding of {branch.steps[index].step_id} has no cancel, so {attempt.external_id} was not stopped"
        give_up(draft, branch, index, attempt, f"{why} and may run on")
    elif attempt.start is StartFact.INTENDED:
        slot = (branch.id, branch.steps[index].step_id, branch.steps[index].visit, attempt.attempt)
        if slot not in draft.intended:
            return "cancel"  # Its call may be under way: who makes the calls goes on from here.
        confirm(draft, branch, index, attempt, f"{attempt.idempotency_key} was never started: nothing is to be stopped")
    elif attempt.start is StartFact.NOT_MADE:
        confirm(draft, branch, index, attempt, f"{attempt.idempotency_key} was never started: nothing is to be stopped")
    elif attempt.start in (StartFact.UNANSWERED, StartFact.WANTED):
        if binding.finds:
            return "find"
        why = f"whether {attempt.idempotency_key} was started is not known, and {place(attempt)} cannot be asked for it"
        give_up(draft, branch, index, attempt, f"{why}: it was not stopped and may run")
    elif attempt.start is StartFact.ANSWERED:
        why = f"the start of {attempt.idempotency_key} was answered without an id"
        give_up(draft, branch, index, attempt, f"{why}: it was not stopped and may run")
    return None


def confirm(draft: Draft, branch: Branch, index: int, attempt: Attempt, message: str) -> None:
    """Nothing of an attempt runs any more."""
    draft.change_attempt(
        branch,
        attempt.attempt,
        index=index,
        status=B.CANCELLED,
        ended_at=draft.now,
        cancel=replace(attempt.cancel or Cancel(draft.now), next_at=None, confirmed_at=draft.now, problem=None),
    )
    draft.record("cancel_confirmed", message, branch, step=branch.steps[index].step_id, attempt=attempt.attempt)


def give_up(draft: Draft, branch: Branch, index: int, attempt: Attempt, why: str) -> None:
    """Nobody can carry out a cancel: the work of an attempt may run on."""
    owed = replace(attempt.cancel or Cancel(draft.now), next_at=None, unable_at=draft.now, problem=why)
    draft.change_attempt(branch, attempt.attempt, index=index, cancel=owed)
    message = f"nobody can carry out the cancel of {branch.id}: {why}"
    draft.record("cancel_impossible", message, branch, step=branch.steps[index].step_id, attempt=attempt.attempt)


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
    draft.record("cancelled", f"{branch.id} was cancelled" + (f" by {cancelled_by}" if cancelled_by else ""), branch)
    return branch
