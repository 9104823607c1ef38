"""What the answer to a start, or to the question whether it was made, means for its attempt."""

from __future__ import annotations

from datetime import datetime, timedelta

from runtime.engine.attempts import complete_attempt, fail_attempt
from runtime.engine.doubt import place
from runtime.engine.draft import Draft
from runtime.engine.ledger import same_trouble
from runtime.engine.observed import Nothing, Observed, Unreached
from runtime.engine.policies import poll_delay, unreachable_delay
from runtime.model.branch import Attempt, Branch, Failure, Observation
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState, StartFact
from runtime.model.task import Completed, Failed, Started

NEVER_SENT = ("MissingCode", "ExpressionError", "InvalidBinding")
"""Failures of a start that was not even sent: they say nothing of an earlier one under the same key."""
FOUND = "was found by its key and taken"
Read = tuple[str, str, datetime | None]
"""How an answer was read, in a word and in a sentence, and when the next call is due."""


def start_answer(draft: Draft, branch: Branch, attempt: Attempt, seen: Observed) -> Read:
    """Take the answer to a start, or to a find, into the attempt that is being started."""
    answer, found = seen.answer, seen.action.verb == "find"
    if isinstance(answer, Started):
        due = started(draft, branch, attempt, answer.external_id, FOUND if found else "started")
        return ("found" if found else "started"), f"id {answer.external_id}", due
    if isinstance(answer, Nothing):
        branch = draft.change_attempt(branch, attempt.attempt, start=StartFact.NOT_MADE)
        draft.change(branch, next_poll_at=draft.now, observation=None, last_poll_failure=None)
        message = f"{place(attempt)} has no work under the key {attempt.idempotency_key}: {branch.step_id} is started"
        draft.record("not_found", message, branch, attempt=attempt.attempt)
        return "nothing", "no work has this key", draft.now
    if isinstance(answer, Unreached):
        return "unreachable", answer.message, _not_answered(draft, branch, attempt, seen, answer)
    doubtful = attempt.start is StartFact.UNANSWERED
    if isinstance(answer, Failed) and answer.type in NEVER_SENT and not found:
        if doubtful:
            # The start before it may have been made: another attempt by itself could be a second one.
            answer = Failed(answer.message, answer.type, answer.details, retryable=False)
        else:
            branch = draft.change_attempt(branch, attempt.attempt, start=StartFact.NOT_MADE)
    else:
        branch = draft.change_attempt(branch, attempt.attempt, start=StartFact.ANSWERED)
    if isinstance(answer, Completed):
        complete_attempt(draft, branch, attempt.attempt, answer)
        return "completed", "completed", None
    if not isinstance(answer, Failed):
        said = f"{seen.action.verb} of {branch.step_id} answered {type(answer).__name__}"
        answer = Failed(said, "InvalidReport", retryable=False)
    fail_attempt(draft, branch, attempt.attempt, answer)
    return "failed", f"{answer.type}: {answer.message}", None


def not_made(draft: Draft, branch: Branch, index: int, attempt: Attempt, later_s: float) -> None:
    """A call was not made: due again in so many seconds, without a doubt, a missed poll or a back-off.

    An intended start is as if nobody had intended it: it certainly was not sent.
    """
    if attempt.status is B.STARTING and attempt.start is StartFact.INTENDED:
        branch = draft.change_attempt(branch, attempt.attempt, index=index, start=StartFact.NOT_MADE)
    current = branch.current_index == index and branch.steps[index].attempts[-1].attempt == attempt.attempt
    if current and branch.status in (B.STARTING, B.RUNNING):
        draft.change(branch, next_poll_at=draft.now + timedelta(seconds=later_s))


def started(draft: Draft, branch: Branch, attempt: Attempt, external_id: str, how: str = "started") -> datetime:
    """The work has an id and is polled from now on; gives when first."""
    policy = draft.program.step(branch.step_id).poll
    due = draft.now + timedelta(seconds=poll_delay(policy, attempt.idempotency_key, 0))
    branch = draft.change_attempt(
        branch,
        attempt.attempt,
        status=B.RUNNING,
        external_id=external_id,
        started_at=draft.now,
        start=StartFact.ANSWERED,
    )
    branch = draft.change_visit(branch, status=B.RUNNING, failure=None)
    draft.change(
        branch,
        status=B.RUNNING,
        observation=Observation(ObservationState.FRESH, draft.now, 0),
        last_poll_failure=None,
        poll_streak=0,
        next_poll_at=due,
    )
    message = f"{branch.id} {how} as {attempt.external_system} {external_id}"
    draft.record("found" if how == FOUND else "started", message, branch, attempt=attempt.attempt)
    return due


def _not_answered(draft: Draft, branch: Branch, attempt: Attempt, seen: Observed, answer: Unreached) -> datetime:
    """Count it and back off; whether the start may have been made is kept, and told once for each trouble."""
    fact = attempt.start
    if seen.action.verb == "start":
        sure = not answer.sent and fact is not StartFact.UNANSWERED
        fact = StartFact.NOT_MADE if sure else StartFact.UNANSWERED
    before = branch.last_poll_failure
    doubted = fact is StartFact.UNANSWERED and attempt.start is not StartFact.UNANSWERED
    if doubted or not same_trouble(before.message if before else None, answer.message):
        made = "certainly was not made" if fact is StartFact.NOT_MADE else "may have been made"
        what = "start" if seen.action.verb == "start" else "question for the work"
        message = f"the {what} of {branch.step_id} was not answered: {answer.message.rstrip('.')}; the start {made}"
        draft.record("start_unanswered", message, branch, attempt=attempt.attempt)
    branch = draft.change_attempt(draft.branches[branch.id], attempt.attempt, start=fact)
    return missed(draft, branch, attempt, answer)


def missed(draft: Draft, branch: Branch, attempt: Attempt, answer: Unreached) -> datetime:
    """Could not reach: count it, back off, keep the branch as it is."""
    policy = draft.program.step(branch.step_id).poll
    seen = branch.observation or Observation()
    count = seen.missed + 1
    wait = unreachable_delay(policy, attempt.idempotency_key, count, answer.retry_after)
    due = draft.now + timedelta(seconds=wait)
    draft.change(
        branch,
        observation=Observation(ObservationState.STALE, seen.seen_at, count),
        last_poll_failure=Failure(answer.type, answer.message, draft.now),
        next_poll_at=due,
    )
    return due
