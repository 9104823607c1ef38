"""When the next attempt, the next poll and the deadlines are: pure arithmetic over policies, holds and the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from runtime.engine.draft import Draft
from runtime.flow.definition import PollPolicy, RetryPolicy
from runtime.model.act import Hold
from runtime.model.branch import Attempt, Branch, Failure, StepVisit

LONGEST = 366 * 86_400.0
CANCEL_FIRST_SECONDS = 1.0
CANCEL_MOST_SECONDS = 300.0


def fraction(text: str) -> float:
    """A number from 0 to 1 that is always the same for the same text; stands in for chance in jitter."""
    import hashlib  # loads OpenSSL, which no command that only reads needs

    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48


def _grown(initial: float, coefficient: float, times: int, most: float | None) -> float:
    limit = LONGEST if most is None else most
    try:
        return min(initial * coefficient**times, limit)
    except OverflowError:
        return limit


def retry_delay(policy: RetryPolicy, failures: int) -> float:
    """Seconds until the attempt after so many failed ones (Temporal's retry policy)."""
    return _grown(policy.initial_interval, policy.backoff_coefficient, failures - 1, policy.maximum_interval)


def may_retry(policy: RetryPolicy, visit: StepVisit, failure: Failure) -> bool:
    """Whether the retry policy grants another automatic attempt after this failure."""
    if not failure.retryable or failure.type in policy.non_retryable:
        return False
    used = (visit.attempts[-1].attempt if visit.attempts else 0) - visit.budget_from + 1
    return used < policy.maximum_attempts


def poll_delay(policy: PollPolicy, key: str, streak: int) -> float:
    """Seconds until the next poll after `streak` polls of this attempt, jitter included."""
    seconds = _grown(policy.interval, policy.backoff_coefficient, streak, policy.maximum_interval)
    if policy.jitter:
        seconds *= 1 + policy.jitter * (2 * fraction(f"{key}:{streak}") - 1)
    return max(seconds, 0.001)


def unreachable_delay(policy: PollPolicy, key: str, missed: int, retry_after: float | None) -> float:
    """Seconds until a system that could not be reached is asked again; Retry-After outranks the policy."""
    if retry_after is not None:
        return max(0.05, min(retry_after, 3_600.0))
    most = policy.maximum_interval or max(policy.interval, 60.0)
    seconds = _grown(min(policy.interval, most), max(policy.backoff_coefficient, 1.5), missed - 1, most)
    return max(seconds * (1 + 0.1 * fraction(f"{key}:missed:{missed}")), 0.001)


def cancel_delay(tries: int) -> float:
    """Seconds until an unanswered cancel is sent again."""
    return _grown(CANCEL_FIRST_SECONDS, 2.0, tries - 1, CANCEL_MOST_SECONDS)


def covering(draft: Draft, system: str, target: str) -> list[Hold]:
    """Active and released holds over this work."""
    run = draft.run
    return [
        h
        for h in draft.holds
        if h.covers(run_id=run.id, workflow=run.workflow, flow_id=draft.program.flow.id, system=system, target=target)
    ]


def held_seconds(holds: Sequence[Hold], since: datetime, now: datetime) -> float:
    """Seconds since `since` during which one of the holds stopped the clocks."""
    total, edge = 0.0, since
    for hold in sorted(holds, key=lambda h: h.at):
        if hold.clocks == "run":
            continue
        start, end = max(hold.at, edge), min(hold.released_at or now, now)
        if end > start:
            total += (end - start).total_seconds()
            edge = end
    return total


def deadlines(draft: Draft, branch: Branch, visit: StepVisit, attempt: Attempt | None) -> datetime | None:
    """When a timeout of the current work expires; None without one, or while a hold stops the clock."""
    policy = draft.program.step(branch.step_id).timeout
    if policy.start_to_close is None and policy.schedule_to_close is None:
        return None
    binding = draft.program.bindings.get(branch.step_id)
    holds = covering(draft, binding.system if binding else "", binding.target if binding else "")
    if any(h.released_at is None and h.clocks == "stop" for h in holds):
        return None
    ends = []
    if policy.start_to_close is not None and attempt is not None and attempt.ended_at is None and not attempt.cancel:
        since = attempt.requested_at
        ends.append(since + timedelta(seconds=policy.start_to_close + held_seconds(holds, since, draft.now)))
    if policy.schedule_to_close is not None:
        since = visit.budget_at or visit.entered_at
        ends.append(since + timedelta(seconds=policy.schedule_to_close + held_seconds(holds, since, draft.now)))
    return min(ends) if ends else None


def poll_due(draft: Draft, branch: Branch, system: str, target: str) -> datetime | None:
    """When the branch is polled; polls that came due during a hold spread over one interval after its release."""
    due = branch.next_poll_at
    if due is None:
        return None
    interval = draft.program.step(branch.step_id).poll.interval
    for hold in covering(draft, system, target):
        if hold.released_at is not None and hold.at <= due <= hold.released_at:
            due = hold.released_at + timedelta(seconds=interval * fraction(f"{branch.run_id}/{branch.id}"))
    return due
