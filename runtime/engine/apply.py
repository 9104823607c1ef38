"""What was observed outside is taken into a run: late, doubled or outdated observations change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from runtime.engine.attempts import complete_attempt, fail_attempt
from runtime.engine.cancel_answers import cancel_answer
from runtime.engine.cancelling import owe_cancels
from runtime.engine.draft import Draft
from runtime.engine.ledger import note_call
from runtime.engine.observed import Answer, Nothing, NotMade, Observed, Stopped, Unreached
from runtime.engine.policies import poll_delay
from runtime.engine.start_answers import Read, missed, not_made, start_answer
from runtime.model.branch import Attempt, Branch, Observation
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState
from runtime.model.task import Completed, Failed, Lost, Running

__all__ = ["Nothing", "Observed", "Stopped", "Unreached", "apply"]


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
    verb = seen.action.verb
    if isinstance(seen.answer, NotMade):
        not_made(draft, branch, index, attempt, seen.answer.later_s)
        return
    read = _read(draft, branch, index, attempt, seen)
    if verb == "local":
        return
    reading, text, due = read or (_word(seen.answer), "no longer asked for", None)
    note_call(draft, draft.branches[branch.id], attempt, seen, reading, text, due)


def _read(draft: Draft, branch: Branch, index: int, attempt: Attempt, seen: Observed) -> Read | None:
    """Take an answer in; None if it comes too late to mean anything."""
    verb = seen.action.verb
    if attempt.status not in (B.STARTING, B.RUNNING):
        return None
    current = (
        branch.current_index == index
        and branch.steps[index].attempts[-1].attempt == attempt.attempt
        and branch.status in (B.STARTING, B.RUNNING)
        and attempt.cancel is None
    )
    if verb == "cancel" and attempt.cancel is None:
        return None  # Reattached, or started again, while the cancel was under way: what polls say counts.
    if verb == "cancel" or (attempt.cancel is not None and attempt.cancel.confirmed_at is None):
        return cancel_answer(draft, branch, index, attempt, seen)
    if not current:
        return None
    if verb in ("start", "find", "local"):
        return start_answer(draft, branch, attempt, seen) if attempt.status is B.STARTING else None
    return _poll_answer(draft, branch, attempt, seen) if attempt.status is B.RUNNING else None


def _word(answer: Answer) -> str:
    words: dict[type, str] = {Stopped: "confirmed", Nothing: "nothing", Unreached: "unreachable"}
    return words.get(type(answer), type(answer).__name__.lower())


def _poll_answer(draft: Draft, branch: Branch, attempt: Attempt, seen: Observed) -> Read:
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
                draft.record("unknown_status", f"{branch.id}: {text}"[:2_000], branch, attempt=attempt.attempt)
        branch = draft.change_attempt(
            branch, attempt.attempt, progress=answer.progress, note=answer.note, doubt=answer.doubt
        )
        draft.change(branch, observation=fresh, last_poll_failure=None, next_poll_at=due)
    elif isinstance(answer, Unreached):
        reading, text = "unreachable", answer.message
        due = missed(draft, branch, attempt, answer)
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
    return reading, text, due
