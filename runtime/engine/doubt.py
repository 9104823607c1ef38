"""Whether the start of an attempt was made, and what may be called next (docs/semantics.md, Starts). Pure."""

from __future__ import annotations

from collections.abc import Collection

from runtime.engine.draft import Draft
from runtime.flow.program import Binding
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState, StartFact

Slots = Collection[tuple[str, str, int, int]]


def place(attempt: Attempt) -> str:
    """The system of an attempt with its target, like `http:render.farm`."""
    return f"{attempt.external_system}:{attempt.target}".rstrip(":")


def under_way(branch: Branch, visit: StepVisit, attempt: Attempt, calls: Slots) -> bool:
    """Whether a call for this attempt is being made now."""
    return (branch.id, visit.step_id, visit.visit, attempt.attempt) in calls


def look_back(draft: Draft, branch: Branch, index: int, attempt: Attempt, calls: Slots) -> Attempt:
    """The attempt, its start unanswered if it was written down, is not under way and nobody knows its answer.

    `calls` are those under way anywhere: only who makes them can say this.
    """
    visit = branch.steps[index]
    slot = (branch.id, visit.step_id, visit.visit, attempt.attempt)
    if (
        attempt.status is not B.STARTING
        or attempt.start is not StartFact.INTENDED
        or attempt.external_system == "local"
        or slot in calls
        or slot in draft.intended
    ):
        return attempt
    draft.change_attempt(branch, attempt.attempt, index=index, start=StartFact.UNANSWERED)
    draft.record(
        "start_unanswered",
        f"the scheduler ended before the answer to the start of {visit.step_id} on {place(attempt)} was saved: "
        "it may have been made",
        branch,
        step=visit.step_id,
        attempt=attempt.attempt,
    )
    return attempt_of(draft.branches[branch.id], index, attempt.attempt)


def attempt_of(branch: Branch, index: int, number: int) -> Attempt:
    """One attempt of a visit."""
    return next(a for a in branch.steps[index].attempts if a.attempt == number)


def start_verb(attempt: Attempt, binding: Binding) -> str | None:
    """What is called next for an attempt that is being started; None: nobody can say whether it was, nothing is."""
    if attempt.start is not StartFact.UNANSWERED or binding.idempotent:
        return "start"
    return "find" if binding.finds else None


def unconfirm(draft: Draft, branch: Branch, attempt: Attempt) -> None:
    """The branch stands still until an operator finds, adopts or starts anew."""
    problem = branch.last_poll_failure
    heard = f" ({problem.message[:500].rstrip('.')})" if problem else ""
    message = (
        f"Nobody can say whether the start of {branch.step_id} under the key {attempt.idempotency_key} was "
        f"made{heard}: {place(attempt)} neither promises to honour the key nor can be asked for it. Look there: if the "
        f"work is there, forkjoin adopt {draft.run.id} {branch.id} --external-id ID; if it is not, "
        f"forkjoin retry {draft.run.id} {branch.id} --force."
    )
    failure = Failure("Unconfirmed", message, draft.now, {"key": attempt.idempotency_key}, retryable=False)
    branch = draft.change_visit(branch, status=B.UNCONFIRMED, failure=failure)
    draft.change(branch, status=B.UNCONFIRMED, next_poll_at=None, retry_at=None, held_by=None, acknowledged=None)
    draft.record("unconfirmed", f"{branch.id}: {message}", branch, attempt=attempt.attempt)


def may_still_run(branch: Branch, attempt: Attempt) -> str:
    """Why the work of an attempt may still run outside, in a few words; empty if it does not."""
    if attempt.cancel is not None and attempt.cancel.unable_at is not None:
        return "nobody could carry out its cancel"
    if attempt.cancel is not None and attempt.cancel.confirmed_at is None:
        return "its cancel is not confirmed"
    if attempt.status is B.STARTING or (attempt.start is StartFact.UNANSWERED and attempt.external_id is None):
        return "" if attempt.start is StartFact.NOT_MADE else "its start was not answered"
    if attempt.failure is not None and attempt.failure.type == "NoExternalId" and attempt.external_id is None:
        return "its start was answered without an id"
    if attempt.status is B.RUNNING:
        return "it was last seen running"
    if branch.observation is not None and branch.observation.state is ObservationState.STALE:
        return "it was not seen lately"
    return ""
