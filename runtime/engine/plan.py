"""What a run asks of the outside world now, written down as intent before it is done; and when it wakes next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from runtime.engine.attempts import expire
from runtime.engine.draft import Draft
from runtime.engine.moves import held_by
from runtime.engine.paths import idempotency_key
from runtime.engine.policies import deadlines, poll_due
from runtime.engine.state_changes import reading
from runtime.engine.visits import fail_unbound
from runtime.flow.program import Binding
from runtime.model.branch import Attempt, Branch, StepVisit
from runtime.model.change import changed
from runtime.model.status import BranchStatus as B


@dataclass(frozen=True, slots=True)
class Action:
    """One call to make: start, local, poll or cancel, for one attempt of one visit."""

    verb: str
    branch: str
    step: str
    visit: int
    attempt: int
    system: str
    target: str

    @property
    def slot(self) -> tuple[str, str, int, int]:
        """What may be under way only once: branch, step, visit, attempt."""
        return (self.branch, self.step, self.visit, self.attempt)


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions to perform now and when the run is due again; `intent` says records must be saved first."""

    actions: tuple[Action, ...]
    next_wake_at: datetime | None
    reason: str
    held: bool


def plan(draft: Draft, in_flight: Collection[tuple[str, str, int, int]] = ()) -> Plan:
    """Decide what is due. Starts become branch status `starting` with their key; nothing is called here."""
    actions: list[Action] = []
    wakes: list[tuple[datetime, str]] = []
    held = False
    for branch in list(draft.branches.values()):
        _cancels(draft, branch, in_flight, actions, wakes)
        branch = draft.branches[branch.id]
        if draft.cancelled or draft.failure is not None:
            continue
        scope = _work(draft, branch, in_flight, actions, wakes)
        held = held or scope is not None
        after = draft.branches[branch.id]
        if scope != after.held_by and after.status not in (B.COMPLETED, B.SUPERSEDED, B.CANCELLED, B.SKIPPED):
            draft.change(after, held_by=scope)
    if draft.steps_left <= 0 or draft.gathering:
        wakes.append((draft.now, "go on moving"))
    at, reason = min(wakes, default=(None, ""))
    return Plan(tuple(actions), at, reason, held)


def _cancels(
    draft: Draft,
    branch: Branch,
    in_flight: Collection[tuple[str, str, int, int]],
    actions: list[Action],
    wakes: list[tuple[datetime, str]],
) -> None:
    for visit in branch.steps:
        for attempt in visit.attempts:
            owed = attempt.cancel
            if owed is None or owed.confirmed_at is not None or attempt.status not in (B.STARTING, B.RUNNING):
                continue
            due = owed.next_at or draft.now
            wakes.append((due, f"cancel {visit.step_id}"))
            # Work whose id is unknown is found again by its key first, then cancelled.
            verb = "cancel" if attempt.external_id is not None else "start"
            action = _action(verb, branch, visit, attempt)
            if due <= draft.now and action.slot not in in_flight:
                actions.append(action)


def _work(
    draft: Draft,
    branch: Branch,
    in_flight: Collection[tuple[str, str, int, int]],
    actions: list[Action],
    wakes: list[tuple[datetime, str]],
) -> str | None:
    """Plan one branch; gives the scope of the hold that stops it, if one does."""
    visit = branch.current
    if visit is None or branch.open_fork is not None:
        return None
    if branch.status is B.WAITING:
        return _timer(draft, branch, visit, wakes)
    if branch.status not in (B.PENDING, B.STARTING, B.RUNNING, B.AWAITING_RETRY) or visit.items is not None:
        return None
    if visit.recorded:
        return None
    attempt = visit.attempts[-1] if visit.attempts else None
    binding = draft.program.bindings.get(branch.step_id)
    if binding is None and attempt is not None:
        # Its code is gone: what was begun is looked after all the same, and the calls say what is missing.
        binding = Binding(attempt.external_system, attempt.target)
    if binding is None:
        if branch.step_id in draft.graph.steps and draft.program.step(branch.step_id).type == "task":
            fail_unbound(draft, branch)
        return None
    ends = deadlines(draft, branch, visit, attempt)
    if ends is not None and ends <= draft.now:
        expire(draft, branch)
        after = draft.branches[branch.id]
        if after.status is B.AWAITING_RETRY and after.retry_at:
            wakes.append((after.retry_at, f"retry {branch.step_id}"))
        _cancels(draft, after, in_flight, actions, wakes)
        return None
    if ends is not None:
        wakes.append((ends, f"timeout of {branch.step_id}"))
    scope = held_by(draft, branch, binding.system, binding.target)
    if scope is not None:
        return scope
    if branch.status is B.PENDING or branch.status is B.AWAITING_RETRY:
        if any(a.cancel and not a.cancel.confirmed_at and a.status in (B.STARTING, B.RUNNING) for a in visit.attempts):
            return None
        if branch.status is B.AWAITING_RETRY and branch.retry_at and branch.retry_at > draft.now:
            wakes.append((branch.retry_at, f"start {branch.step_id}, attempt {len(visit.attempts) + 1}"))
            return None
        branch, attempt = _intend(draft, branch, visit, binding.system, binding.target)
        visit = branch.current or visit
    assert attempt is not None
    if branch.status is B.STARTING:
        due = branch.next_poll_at or draft.now
        verb, word = ("local" if binding.local else "start"), "start"
    else:
        due = poll_due(draft, branch, binding.system, binding.target) or draft.now
        verb, word = "poll", "poll"
    wakes.append((due, f"{word} {branch.step_id}"))
    action = _action(verb, branch, visit, attempt)
    if due <= draft.now and action.slot not in in_flight and not (attempt.cancel and not attempt.cancel.confirmed_at):
        actions.append(action)
    return None


def _timer(draft: Draft, branch: Branch, visit: StepVisit, wakes: list[tuple[datetime, str]]) -> str | None:
    scope = held_by(draft, branch)
    if scope is None and visit.due_at is not None:
        wakes.append((visit.due_at, f"timer {branch.step_id}"))
    return scope


def _intend(draft: Draft, branch: Branch, visit: StepVisit, system: str, target: str) -> tuple[Branch, Attempt]:
    """Write down the next attempt: number, key, system; the start is made only after this was saved."""
    number = (visit.attempts[-1].attempt if visit.attempts else 0) + 1
    attempt = Attempt(
        attempt=number,
        idempotency_key=idempotency_key(
            draft.run.id, draft.run.birth, visit.step_id, visit.visit, branch.index, number
        ),
        external_system=system,
        target=target,
        requested_at=draft.now,
    )
    at = branch.current_index
    assert at is not None
    planned = changed(visit, attempts=(*visit.attempts, attempt), status=B.STARTING, failure=None, **reading(draft))
    branch = draft.change(
        branch,
        steps=(*branch.steps[:at], planned, *branch.steps[at + 1 :]),
        status=B.STARTING,
        retry_at=None,
        next_poll_at=None,
        poll_streak=0,
        observation=None,
        last_poll_failure=None,
        expired=False,
        held_by=None,
    )
    return branch, attempt


def _action(verb: str, branch: Branch, visit: StepVisit, attempt: Attempt) -> Action:
    return Action(
        verb,
        branch.id,
        visit.step_id,
        visit.visit,
        attempt.attempt,
        attempt.external_system,
        attempt.target,
    )
