"""Intervals go on as they were when the wall clock is set: moments stored before are moved by as much. Pure.

What is measured moves: polls, retries, timeouts, cancels. Dates stay: timers of `resumeAfter` follow the wall clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from runtime.engine.draft import Draft
from runtime.model.branch import Attempt, Branch, Cancel, StepVisit
from runtime.model.clock_setting import ClockSetting, moved
from runtime.model.status import SETTLED_BRANCH

JUST_BEFORE = timedelta(seconds=1)


def retime(draft: Draft, settings: Sequence[ClockSetting]) -> None:
    """Correct a run for the settings of the clock since it was corrected last."""
    new = [setting for setting in settings if setting.number > draft.run.clock]
    if not new:
        return
    saved_at, seconds = draft.run.updated_at, 0.0
    for setting in new:
        # A run that was made or changed elsewhere since, by a clock that was set already, needs no correction.
        if setting.seconds < 0 or saved_at <= setting.at + JUST_BEFORE:
            saved_at = moved(saved_at, setting.seconds)
            seconds += setting.seconds
    draft.run = replace(draft.run, clock=new[-1].number)
    if not seconds:
        return
    for branch in list(draft.branches.values()):
        later = _branch(branch, seconds)
        if later != branch:
            draft.put(later)


def _branch(branch: Branch, seconds: float) -> Branch:
    visits = tuple(_visit(visit, seconds, is_open=branch.current is visit) for visit in branch.steps)
    if branch.status in SETTLED_BRANCH:
        return replace(branch, steps=visits)
    seen = branch.observation
    return replace(
        branch,
        steps=visits,
        next_poll_at=_moved(branch.next_poll_at, seconds),
        retry_at=_moved(branch.retry_at, seconds),
        last_polled_at=_moved(branch.last_polled_at, seconds),
        observation=replace(seen, seen_at=_moved(seen.seen_at, seconds)) if seen is not None else None,
    )


def _visit(visit: StepVisit, seconds: float, *, is_open: bool) -> StepVisit:
    attempts = tuple(_attempt(attempt, seconds) for attempt in visit.attempts)
    if not is_open or visit.ended_at is not None:
        return replace(visit, attempts=attempts)
    return replace(
        visit,
        attempts=attempts,
        entered_at=moved(visit.entered_at, seconds),
        budget_at=_moved(visit.budget_at, seconds),
    )


def _attempt(attempt: Attempt, seconds: float) -> Attempt:
    owed = attempt.cancel
    if owed is not None and owed.pending:
        attempt = replace(attempt, cancel=_cancel(owed, seconds))
    if attempt.ended_at is not None:
        return attempt
    return replace(
        attempt,
        requested_at=moved(attempt.requested_at, seconds),
        started_at=_moved(attempt.started_at, seconds),
    )


def _cancel(owed: Cancel, seconds: float) -> Cancel:
    return replace(owed, requested_at=moved(owed.requested_at, seconds), next_at=_moved(owed.next_at, seconds))


def _moved(moment: datetime | None, seconds: float) -> datetime | None:
    return None if moment is None else moved(moment, seconds)
