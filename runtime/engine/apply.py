"""What was observed outside is taken into a run: late, doubled or outdated observations change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runtime.engine.attempts import complete_attempt, fail_attempt
from runtime.engine.cancelling import owe_cancels
from runtime.engine.draft import Draft
from runtime.engine.plan import Action
from runtime.engine.policies import cancel_delay, poll_delay, unreachable_delay
from runtime.model.branch import Attempt, Branch, Cancel, Failure, Observation
from runtime.model.change import changed
from runtime.model.run import Poll
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState
from runtime.model.task import Completed, Failed, Lost, Outcome, Running, Started


@dataclass(frozen=True, slots=True)
class Unreached:
    """The external system could not be reached; `retry_after` in seconds if it said when to come back."""

    message: str
    type: str = "Unreachable"
    retry_after: float | None = None
    sent: bool = True
    """Whether the request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A cancel was answered."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of an action."""

    action: Action
    answer: Outcome | Unreached | Stopped
    at: datetime
    took_ms: float
    state: Mapping[str, Any] | None = None
    """The state that the request held, if anything came of it that may change the state."""


def apply(draft: Draft, observations: Iterable[Observed]) -> None:
    """Take observations in, in flow order and then creation order of their branches."""
    order = draft.graph.order

    def place(seen: Observed) -> tuple[int, int]:
        branch = draft.branches.get(seen.action.branch)
        return (order.get(seen.action.step, 0), branch.seq if branch else 0)

    for seen in sorted(observations, key=place):
        draft.told_state = seen.state
        _apply_one(draft, seen)
    draft.told_state = None


def _apply_one(draft: Draft, seen: Observed) -> None:
    action = seen.action
    branch = draft.branches.get(action.branch)
    if branch is None:
        return
    for index, visit in enumerate(branch.steps):
        if visit.step_id == action.step and visit.visit == action.visit:
            for attempt in visit.attempts:
                if attempt.attempt == action.attempt:
                    _observe(draft, branch, index, attempt, seen)
                    return


def _observe(draft: Draft, branch: Branch, index: int, attempt: Attempt, seen: Observed) -> None:
    if attempt.status not in (B.STARTING, B.RUNNING):
        return
    current = (
        branch.current_index == index
        and branch.steps[index].attempts[-1].attempt == attempt.attempt
        and branch.status in (B.STARTING, B.RUNNING)
        and attempt.cancel is None
    )
    answer = seen.answer
    if seen.action.verb == "cancel" and attempt.cancel is None:
        return  # Reattached, or started again, while the cancel was under way: what polls say counts.
    if seen.action.verb == "cancel" or (attempt.cancel is not None and attempt.cancel.confirmed_at is None):
        _cancel_answer(draft, branch, index, attempt, answer)
    elif not current:
        return
    elif seen.action.verb in ("start", "local"):
        if attempt.status is B.STARTING:
            _start_answer(draft, branch, attempt, answer)
    elif attempt.status is B.RUNNING:
        _poll_answer(draft, branch, attempt, seen)


def _cancel_answer(
    draft: Draft, branch: Branch, index: int, attempt: Attempt, answer: Outcome | Unreached | Stopped
) -> None:
    owed = attempt.cancel or Cancel(draft.now)
    if isinstance(answer, Started):
        draft.change_attempt(
            branch,
            attempt.attempt,
            index=index,
            status=B.RUNNING,
            external_id=answer.external_id,
            started_at=draft.now,
            cancel=changed(owed, next_at=draft.now),
        )
    elif isinstance(answer, Unreached):
        tries = owed.tries + 1
        later = draft.now + timedelta(seconds=cancel_delay(tries))
        draft.change_attempt(
            branch,
            attempt.attempt,
            index=index,
            cancel=changed(owed, tries=tries, next_at=later, problem=answer.message),
        )
    elif isinstance(answer, Running):
        return
    else:
        draft.change_attempt(
            branch,
            attempt.attempt,
            index=index,
            status=B.CANCELLED,
            ended_at=draft.now,
            cancel=changed(owed, next_at=None, confirmed_at=draft.now, problem=None),
        )
        draft.tell(
            "cancel_confirmed",
            f"{attempt.external_system} confirmed the cancel of {branch.id}",
            branch,
            attempt=attempt.attempt,
        )


def _start_answer(draft: Draft, branch: Branch, attempt: Attempt, answer: Outcome | Unreached | Stopped) -> None:
    policy = draft.program.step(branch.step_id).poll
    if isinstance(answer, Started):
        branch = draft.change_attempt(
            branch, attempt.attempt, status=B.RUNNING, external_id=answer.external_id, started_at=draft.now
        )
        branch = draft.change_visit(branch, status=B.RUNNING)
        draft.change(
            branch,
            status=B.RUNNING,
            observation=Observation(ObservationState.FRESH, draft.now, 0),
            last_poll_failure=None,
            poll_streak=0,
            next_poll_at=draft.now + timedelta(seconds=poll_delay(policy, attempt.idempotency_key, 0)),
        )
        draft.tell(
            "started",
            f"{branch.id} started as {attempt.external_system} {answer.external_id}",
            branch,
            attempt=attempt.attempt,
        )
    elif isinstance(answer, Completed):
        complete_attempt(draft, branch, attempt.attempt, answer)
    elif isinstance(answer, Failed):
        fail_attempt(draft, branch, attempt.attempt, answer)
    elif isinstance(answer, Unreached):
        _missed(draft, branch, attempt, answer)
    else:
        wrong = Failed(f"start of {branch.step_id} answered {type(answer).__name__}", "InvalidReport", retryable=False)
        fail_attempt(draft, branch, attempt.attempt, wrong)


def _missed(draft: Draft, branch: Branch, attempt: Attempt, answer: Unreached) -> datetime:
    """Could not reach: count it, back off, keep the branch as it is."""
    policy = draft.program.step(branch.step_id).poll
    seen = branch.observation or Observation()
    missed = seen.missed + 1
    wait = unreachable_delay(policy, attempt.idempotency_key, missed, answer.retry_after)
    due = draft.now + timedelta(seconds=wait)
    draft.change(
        branch,
        observation=Observation(ObservationState.STALE, seen.seen_at, missed),
        last_poll_failure=Failure(answer.type, answer.message, draft.now),
        next_poll_at=due,
    )
    return due


def _poll_answer(draft: Draft, branch: Branch, attempt: Attempt, seen: Observed) -> None:
    answer = seen.answer
    policy = draft.program.step(branch.step_id).poll
    before = branch.observation or Observation()
    streak = branch.poll_streak + 1
    branch = draft.change(branch, polls=branch.polls + 1, poll_streak=streak, last_polled_at=seen.at)
    due: datetime | None = draft.now + timedelta(seconds=poll_delay(policy, attempt.idempotency_key, streak))
    reading, text = "running", ""
    fresh = Observation(ObservationState.FRESH, draft.now, 0)
    if isinstance(answer, Running):
        percent = "" if answer.progress is None else f"{answer.progress * 100:.0f} %"
        text = ", ".join(t for t in (answer.doubt, percent, answer.note) if t) or "running"
        if answer.doubt is not None:
            reading = "unknown"
            if answer.doubt != attempt.doubt:
                draft.tell("unknown_status", f"{branch.id}: {text}"[:2_000], branch, attempt=attempt.attempt)
        branch = draft.change_attempt(
            branch, attempt.attempt, progress=answer.progress, note=answer.note, doubt=answer.doubt
        )
        draft.change(branch, observation=fresh, last_poll_failure=None, next_poll_at=due)
    elif isinstance(answer, Unreached):
        reading, text = "unreachable", answer.message
        due = _missed(draft, branch, attempt, answer)
    elif isinstance(answer, Lost):
        reading, text = "lost", f"{attempt.external_system} does not know {attempt.external_id}"
        again = before.state is ObservationState.LOST
        branch = draft.change(
            branch, observation=Observation(ObservationState.LOST, before.seen_at, before.missed), next_poll_at=due
        )
        if again:
            due = None
            fail_attempt(draft, branch, attempt.attempt, Failed(f"{text}; two polls said so.", "Lost"))
    elif isinstance(answer, Completed):
        reading, text, due = "completed", "completed", None
        branch = draft.change(branch, observation=fresh, last_poll_failure=None)
        complete_attempt(draft, branch, attempt.attempt, answer)
    elif isinstance(answer, Failed):
        reading, text, due = "failed", f"{answer.type}: {answer.message}", None
        branch = draft.change(branch, observation=fresh, last_poll_failure=None)
        fail_attempt(draft, branch, attempt.attempt, answer)
    else:
        reading, text, due = "failed", f"poll answered {type(answer).__name__}", None
        fail_attempt(draft, branch, attempt.attempt, Failed(text, "InvalidReport", retryable=False))
        owe_cancels(draft, draft.branches[branch.id])
    draft.polls.append(
        Poll(
            at=seen.at,
            branch=branch.id,
            attempt=attempt.attempt,
            number=branch.polls,
            took_ms=seen.took_ms,
            answer=text[:2_000],
            reading=reading,
            next_poll_at=due,
        )
    )
