"""What a list shows of a run, worked out whenever it is saved: status, strip, attention, why in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from runtime.engine.draft import Draft, is_token
from runtime.engine.explain.branch_work import at_work, doubt_of, failures
from runtime.engine.explain.fork_strip import strip_of
from runtime.engine.explain.lateness import late_against
from runtime.engine.explain.words import span
from runtime.engine.join import counts
from runtime.engine.plan import Plan
from runtime.model.branch import Branch
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState, RunStatus


class Summary(msgspec.Struct, frozen=True):
    """The derived fields of a run."""

    status: RunStatus
    failed_branches: int
    branch_counts: Mapping[str, int]
    strip: str
    attention: int
    why: str
    is_stale: bool
    is_lost: bool
    is_expired: bool
    is_late: bool
    strip_seen: tuple[tuple[float, float], ...]


def summarise(draft: Draft, plan: Plan, *, leased: bool) -> Summary:
    """Work out the derived fields."""
    branches = draft.branches
    failed = failures(branches, draft.visits)
    status = run_status(draft, plan, leased=leased)
    shown = at_work(branches)
    open_branches = [b for b in shown if b.status in (B.STARTING, B.RUNNING)]
    stale = any(b.observation and b.observation.state is ObservationState.STALE for b in open_branches)
    lost = any(b.observation and b.observation.state is ObservationState.LOST for b in open_branches)
    doubted = any(doubt_of(b) for b in open_branches)
    expired = any(b.expired for b in branches.values() if b.status not in (B.COMPLETED, B.SUPERSEDED, B.SKIPPED))
    late = next(
        (b for b in open_branches if late_against(b, draft.run.workflow, draft.durations, draft.now) is not None), None
    )
    unconfirmed = any(b.status is B.UNCONFIRMED for b in branches.values())
    owed = any(
        a.cancel and a.cancel.confirmed_at is None and (a.cancel.tries or a.cancel.unable_at)
        for b in branches.values()
        for _, _, a in draft.open_attempts(b)
    )
    event = any(b.status is B.WAITING and b.current and b.current.event for b in shown)
    if draft.run.acknowledged:
        rank = 8
    elif status is RunStatus.FAILED:
        rank = 0
    elif lost or unconfirmed:
        rank = 1
    elif expired:
        rank = 2
    elif stale or doubted:
        rank = 3
    elif late is not None:
        rank = 4
    elif failed or owed:
        rank = 5
    elif event:
        rank = 6
    else:
        rank = 9
    tally = Counter(str(b.status) for b in shown)
    strip = strip_of(draft.program, branches, shown)
    return Summary(
        status,
        len(failed),
        dict(tally),
        strip.letters,
        rank,
        _why(draft, status, failed, shown, late),
        stale,
        lost,
        expired,
        late is not None,
        strip.seen,
    )


def run_status(draft: Draft, plan: Plan, *, leased: bool) -> RunStatus:
    """The first status that fits (docs/semantics.md, Statuses)."""
    if draft.cancelled:
        return RunStatus.CANCELLED
    tokens = [b for b in draft.branches.values() if is_token(b)]
    if not tokens:
        return RunStatus.COMPLETED
    if draft.failure is not None:
        return RunStatus.FAILED
    if any(h.released_at is None and h.scope == f"run={draft.run.id}" for h in draft.holds):
        return RunStatus.PAUSED
    movable, events = False, False
    for branch in draft.branches.values():
        visit = branch.current
        if branch.status in (B.PENDING, B.STARTING, B.AWAITING_RETRY) or (
            branch.status is B.RUNNING and branch.open_fork is None and visit and visit.items is None
        ):
            movable = True
        elif branch.status is B.WAITING and visit is not None:
            if visit.due_at is not None:
                movable = True
            else:
                events = True
    if leased:
        return RunStatus.RUNNING
    if movable:
        return RunStatus.SLEEPING
    return RunStatus.WAITING if events else RunStatus.FAILED


def _name(branch: Branch) -> str:
    return branch.step_id if branch.index is None else f"{branch.step_id}:{branch.index}"


def _why(draft: Draft, status: RunStatus, failed: list[Branch], shown: list[Branch], late: Branch | None) -> str:
    if status in (RunStatus.COMPLETED, RunStatus.CANCELLED) and not failed:
        return _left_running(draft)
    if draft.failure is not None:
        return f"{draft.failure.type}: {draft.failure.message}"[:300]
    if failed:
        visit = failed[0].current
        problem = visit.failure if visit else None
        text = f"{problem.type}: {problem.message}" if problem else "failed"
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"{_name(failed[0])} failed: {text}{more}"[:300]
    for branch in shown:
        if branch.status is B.UNCONFIRMED:
            return f"{_name(branch)} unconfirmed: nobody can say whether its start was made"
    for branch in shown:
        visit = branch.current
        if branch.held_by:
            return f"{_name(branch)} held by {branch.held_by}"
        if branch.observation and branch.observation.state is not ObservationState.FRESH:
            if branch.status is B.STARTING and branch.last_poll_failure is not None:
                tries = branch.observation.missed
                text = f"start of {_name(branch)} not answered, {tries} tr{'y' if tries == 1 else 'ies'}: "
                return f"{text}{branch.last_poll_failure.message}"[:300]
            return f"{_name(branch)} {branch.observation.state}, {branch.observation.missed} polls missed"
        if doubt := doubt_of(branch):
            return f"{_name(branch)} {doubt}"[:300]
        if branch.status is B.WAITING and visit and visit.event:
            return f"waits for the event {visit.event}"
    if late is not None:
        return late_words(draft, late)
    waits = [c for c in counts(draft.program, draft.branches) if c.expected]
    if waits:
        have = len(waits[0].arrived) + len(waits[0].failed)
        return f"{waits[0].step_id} has {have} of {have + len(waits[0].expected)}"
    busy = [_name(b) for b in shown if b.status in (B.STARTING, B.RUNNING, B.AWAITING_RETRY, B.WAITING)]
    return f"{', '.join(busy[:3])} open" if busy else ""


def _left_running(draft: Draft) -> str:
    """Work of an ended run that nobody could stop."""
    for branch in draft.branches.values():
        for _, _, attempt in draft.open_attempts(branch):
            if attempt.cancel is not None and attempt.cancel.unable_at is not None:
                return f"nobody could stop {attempt.external_id or attempt.idempotency_key}: {attempt.cancel.problem}"[
                    :300
                ]
    return ""


def late_words(draft: Draft, branch: Branch, *, named: bool = True) -> str:
    """`send-email running 12 min, usually 40 s`; empty if it is not late."""
    visit = branch.current
    attempt = visit.attempts[-1] if visit and visit.attempts else None
    usual = late_against(branch, draft.run.workflow, draft.durations, draft.now)
    if attempt is None or usual is None:
        return ""
    since = (draft.now - (attempt.started_at or attempt.requested_at)).total_seconds()
    return f"{_name(branch) + ' ' if named else ''}running {span(since)}, usually {span(usual)}"
