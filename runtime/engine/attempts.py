"""An attempt comes to its end: completed, failed (perhaps to be tried again) or expired."""

from __future__ import annotations

from datetime import timedelta

from runtime.engine.cancelling import owe_cancels
from runtime.engine.draft import Draft
from runtime.engine.policies import deadlines, may_retry, retry_delay
from runtime.engine.state_changes import make_changes
from runtime.engine.step_visits import record_result
from runtime.errors import InvalidInput
from runtime.flow.json_schema import check, check_json
from runtime.model.branch import Attempt, Branch, Failure
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState
from runtime.model.task import Completed, Failed

RESULT_BYTES = 256_000


def complete_attempt(draft: Draft, branch: Branch, number: int, outcome: Completed) -> None:
    """The work of an attempt ended well: check and record its result, merge its state change."""
    branch = draft.change_attempt(branch, number, status=B.COMPLETED, ended_at=draft.now, progress=None)
    step = draft.program.step(branch.step_id)
    try:
        result = check_json(outcome.result, RESULT_BYTES, f"the result of {step.id}")
    except InvalidInput as problem:
        fail_attempt(draft, branch, number, Failed(problem.message, "InvalidResult", retryable=False))
        return
    if step.result_schema is not None and not step.for_each:
        wrong = check(step.result_schema, result)
        if wrong:
            message = f"The result of {step.id} does not fit its resultSchema: {'; '.join(wrong)}"
            draft.change_visit(branch, result=result)
            fail_attempt(draft, draft.branches[branch.id], number, Failed(message, "InvalidResult", retryable=False))
            return
    refused = make_changes(draft, branch, result, outcome.state)
    if refused is not None:
        draft.change_visit(branch, result=result)
        fail_attempt(draft, draft.branches[branch.id], number, refused)
        return
    draft.record("completed", f"{branch.id} completed {step.id}", branch, attempt=number)
    record_result(draft, branch, result)


def fail_attempt(draft: Draft, branch: Branch, number: int, outcome: Failed) -> None:
    """The work of an attempt ended badly: try again later if the policy grants it, else the token fails."""
    failure = Failure(outcome.type, outcome.message, draft.now, outcome.details, outcome.retryable)
    index = branch.current_index
    attempts = {a.attempt: a for a in branch.steps[index or 0].attempts}
    status = attempts[number].status if number in attempts else B.FAILED
    keeps = status is B.COMPLETED or (attempts[number].cancel is not None if number in attempts else False)
    branch = draft.change_attempt(branch, number, failure=failure)
    if not keeps:
        branch = draft.change_attempt(branch, number, status=B.FAILED, ended_at=draft.now)
    visit = branch.current
    assert visit is not None
    policy = draft.program.step(branch.step_id).retry
    if may_retry(policy, visit, failure):
        delay = retry_delay(policy, visit.attempts[-1].attempt - visit.budget_from + 1)
        at = draft.now + timedelta(seconds=delay)
        branch = draft.change_visit(branch, status=B.AWAITING_RETRY, failure=failure)
        draft.change(branch, status=B.AWAITING_RETRY, retry_at=at, next_poll_at=None)
        draft.record(
            "attempt_failed",
            f"{branch.id}: {failure.type}: {failure.message}; next attempt in {delay:g} s",
            branch,
            attempt=number,
        )
        return
    branch = draft.change_visit(branch, status=B.FAILED, failure=failure, ended_at=draft.now)
    draft.change(branch, status=B.FAILED, next_poll_at=None, retry_at=None, held_by=None)
    if branch.kind == "item":
        draft.gathering[branch.parent or ""] = None
    draft.record("failed", f"{branch.id}: {failure.type}: {failure.message}", branch, attempt=number)


def last_answer(branch: Branch, attempt: Attempt | None) -> str:
    """What the external system answered last about an attempt, and whether it was reached since; '' for nothing."""
    if attempt is None:
        return ""
    percent = "" if attempt.progress is None else f"{attempt.progress * 100:.0f} %"
    words = ", ".join(text for text in (attempt.doubt, percent, (attempt.note or "")[:500]) if text)
    told = [f"the last answer was: {words}"] if words else []
    problem, seen = branch.last_poll_failure, branch.observation
    if problem is not None and seen is not None and seen.missed:
        told.append(
            f"{attempt.external_system} was not reached {seen.missed} times: {problem.message[:500]}".rstrip(".")
        )
    elif seen is not None and seen.state is ObservationState.LOST:
        told.append(f"{attempt.external_system} did not know {attempt.external_id}")
    return "; ".join(told)


def expire(draft: Draft, branch: Branch) -> None:
    """A timeout of the current work has passed: its job is cancelled before anything else starts."""
    visit = branch.current
    assert visit is not None
    policy = draft.program.step(branch.step_id).timeout
    attempt = visit.attempts[-1] if visit.attempts else None
    whole = deadlines(draft, branch, visit, None)
    overall = whole is not None and whole <= draft.now
    name = "scheduleToClose" if overall else "startToClose"
    seconds = policy.schedule_to_close if overall else policy.start_to_close
    branch = draft.change(owe_cancels(draft, branch), expired=True)
    said = last_answer(branch, attempt)
    failed = Failed(
        f"{branch.step_id} did not end within {seconds:g} s ({name}){f'; {said}' if said else ''}."[:2_000],
        "Timeout",
        {"timeout": name, **({"last_answer": said} if said else {})},
        not overall,
    )
    if attempt is None:
        from_failure = Failure(failed.type, failed.message, draft.now, failed.details, retryable=False)
        branch = draft.change_visit(branch, status=B.FAILED, failure=from_failure, ended_at=draft.now)
        draft.change(branch, status=B.FAILED, retry_at=None)
        if branch.kind == "item":
            draft.gathering[branch.parent or ""] = None
        return
    fail_attempt(draft, branch, attempt.attempt, failed)
