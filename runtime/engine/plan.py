"""What a run asks of the outside world now, written down as intent before it is done; and when it wakes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from runtime.engine.attempts import expire
from runtime.engine.branch_ids import idempotency_key
from runtime.engine.cancelling import next_cancel
from runtime.engine.doubt import Slots, look_back, start_verb, unconfirm
from runtime.engine.draft import Draft
from runtime.engine.moves import held_by
from runtime.engine.policies import deadlines, poll_due
from runtime.engine.state_changes import reading
from runtime.engine.step_visits import fail_unbound
from runtime.flow.program import Binding
from runtime.model.branch import Attempt, Branch, StepVisit
from runtime.model.status import BranchStatus as B
from runtime.model.status import StartFact

GO_ON = "go on moving"
"""Why a run is due that used its share of steps."""


class Action(msgspec.Struct, frozen=True):
    """One call to make: start, local, find, poll or cancel, for one attempt of one visit."""

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


class Plan(msgspec.Struct, frozen=True):
    """Actions to perform now and when the run is due again; `intent` says records must be saved first."""

    actions: tuple[Action, ...]
    next_wake_at: datetime | None
    reason: str
    held: bool


def plan(draft: Draft, calls: Slots | None = None, reaches: Callable[[str], bool] | None = None) -> Plan:
    """Decide what is due. Starts become branch status `starting` with their key; nothing is called here.

    `calls` are the calls under way, told by who makes them; None, as in an operator's act, plans wakes alone: only
    who makes the calls writes their intents down and judges what was intended before. `reaches` says which systems
    can be called from here; an action for another is given without its intent, so that the run goes elsewhere.
    """
    planning = _Planning(draft, calls, reaches)
    held = False
    for branch in list(draft.branches.values()):
        planning.cancels(branch)
        branch = draft.branches[branch.id]
        if draft.cancelled or draft.failure is not None:
            continue
        scope = planning.work(branch)
        held = held or scope is not None
        after = draft.branches[branch.id]
        if scope != after.held_by and after.status not in (B.COMPLETED, B.SUPERSEDED, B.CANCELLED, B.SKIPPED):
            draft.change(after, held_by=scope)
    if draft.steps_left <= 0 or draft.gathering:
        planning.wakes.append((draft.now, GO_ON))
    at, reason = min(planning.wakes, default=(None, ""))
    return Plan(tuple(planning.actions), at, reason, held)


class _Planning:
    """One pass over a draft: the actions and wakes found so far."""

    def __init__(self, draft: Draft, calls: Slots | None, reaches: Callable[[str], bool] | None) -> None:
        self.draft = draft
        self.calls = calls
        self.reaches = reaches
        self.actions: list[Action] = []
        self.wakes: list[tuple[datetime, str]] = []

    def cancels(self, branch: Branch) -> None:
        """What is owed for attempts that were taken back."""
        for index, visit in enumerate(branch.steps):
            for attempt in visit.attempts:
                owed = attempt.cancel
                if owed is None or not owed.pending or attempt.status not in (B.STARTING, B.RUNNING):
                    continue
                if self.calls is not None:
                    attempt = look_back(self.draft, branch, index, attempt, self.calls)
                    branch = self.draft.branches[branch.id]
                binding = self.draft.program.bindings.get(visit.step_id) or Binding(attempt.external_system)
                action = _action("cancel", branch, visit, attempt)
                if action.slot in (self.calls or ()):
                    self.wakes.append((owed.next_at or self.draft.now, f"cancel {visit.step_id}"))
                    continue  # Its answer tells what there is to cancel.
                verb = next_cancel(self.draft, branch, index, attempt, binding)
                branch = self.draft.branches[branch.id]
                if verb is not None:
                    self._call(_action(verb, branch, visit, attempt), owed.next_at, f"cancel {visit.step_id}")

    def work(self, branch: Branch) -> str | None:
        """Plan one branch; gives the scope of the hold that stops it, if one does."""
        draft = self.draft
        visit = branch.current
        if visit is None or branch.open_fork is not None:
            return None
        if branch.status is B.WAITING:
            return self._timer(branch, visit)
        binding = draft.program.bindings.get(branch.step_id)
        if branch.status is B.UNCONFIRMED and binding is not None:
            branch = self._looked_at_anew(branch, visit, binding)
        if branch.status not in (B.PENDING, B.STARTING, B.RUNNING, B.AWAITING_RETRY) or visit.items is not None:
            return None
        if visit.recorded:
            return None
        attempt = visit.attempts[-1] if visit.attempts else None
        if binding is None and attempt is not None:
            # Its code is gone: what was begun is looked after all the same, and the calls say what is missing.
            binding = Binding(attempt.external_system, attempt.target)
        if binding is None:
            if branch.step_id in draft.graph.steps and draft.program.step(branch.step_id).type == "task":
                fail_unbound(draft, branch)
            return None
        if self._out_of_time(branch, visit, attempt):
            return None
        scope = held_by(draft, branch, binding.system, binding.target)
        if scope is not None:
            return scope
        if branch.status is B.PENDING or branch.status is B.AWAITING_RETRY:
            self._begin(branch, visit, binding)
        elif attempt is not None and branch.status is B.STARTING:
            self._start(branch, attempt, binding)
        elif attempt is not None and not (attempt.cancel and attempt.cancel.pending):
            due = poll_due(draft, branch, binding.system, binding.target)
            self._call(_action("poll", branch, visit, attempt), due, f"poll {branch.step_id}")
        return None

    def _out_of_time(self, branch: Branch, visit: StepVisit, attempt: Attempt | None) -> bool:
        """Whether a deadline of the step has passed; its attempt is then ended, else the deadline is a wake."""
        ends = deadlines(self.draft, branch, visit, attempt)
        if ends is None:
            return False
        if ends > self.draft.now:
            self.wakes.append((ends, f"timeout of {branch.step_id}"))
            return False
        expire(self.draft, branch)
        after = self.draft.branches[branch.id]
        if after.status is B.AWAITING_RETRY and after.retry_at:
            self.wakes.append((after.retry_at, f"retry {branch.step_id}"))
        self.cancels(after)
        return True

    def _begin(self, branch: Branch, visit: StepVisit, binding: Binding) -> None:
        """The first call of the next attempt, once nothing stands against it any more."""
        draft, last = self.draft, visit.attempts[-1] if visit.attempts else None
        if any(a.cancel and a.cancel.pending and a.status in (B.STARTING, B.RUNNING) for a in visit.attempts):
            return
        if branch.status is B.AWAITING_RETRY:
            if last is not None and last.cancel and last.cancel.unable_at and last.status is B.STARTING:
                unconfirm(draft, branch, last)
                return
            if branch.retry_at and branch.retry_at > draft.now:
                number = (last.attempt if last else 0) + 1
                self.wakes.append((branch.retry_at, f"start {branch.step_id}, attempt {number}"))
                return
        if self.calls is None:
            self.wakes.append((draft.now, f"start {branch.step_id}"))
        elif self.reaches is not None and not self.reaches(binding.system):
            self.wakes.append((draft.now, f"start {branch.step_id}"))
            number = (last.attempt if last else 0) + 1
            where = (branch.id, visit.step_id, visit.visit, number, binding.system, binding.target)
            self.actions.append(Action("start", *where))
        else:
            branch, attempt = _intend(draft, branch, visit, binding.system, binding.target)
            self._start(branch, attempt, binding)

    def _start(self, branch: Branch, attempt: Attempt, binding: Binding) -> None:
        """The next call of an attempt whose start has no answer yet."""
        draft, index = self.draft, branch.current_index
        assert index is not None
        if attempt.cancel and attempt.cancel.pending:
            return
        if self.calls is not None:
            attempt = look_back(draft, branch, index, attempt, self.calls)
            branch = draft.branches[branch.id]
        verb = "local" if binding.local else start_verb(attempt, binding)
        if verb is None:
            unconfirm(draft, branch, attempt)
            return
        word = "find the work of" if verb == "find" else "start"
        action = _action(verb, branch, branch.steps[index], attempt)
        if self._call(action, branch.next_poll_at, f"{word} {branch.step_id}") and verb == "start":
            draft.intended.add(action.slot)
            if attempt.start is not StartFact.INTENDED and attempt.start is not StartFact.UNANSWERED:
                draft.change_attempt(branch, attempt.attempt, start=StartFact.INTENDED)

    def _call(self, action: Action, due: datetime | None, reason: str) -> bool:
        """Make a call when it is due and not under way; gives whether it is made now, from here."""
        due = due or self.draft.now
        self.wakes.append((due, reason))
        if due > self.draft.now or self.calls is None or action.slot in self.calls:
            return False
        self.actions.append(action)
        return self.reaches is None or self.reaches(action.system)

    def _looked_at_anew(self, branch: Branch, visit: StepVisit, binding: Binding) -> Branch:
        """What nobody could say may be asked now, because the code of the task has learnt it."""
        attempt = visit.attempts[-1]
        if self.calls is None or attempt.cancel is not None or not (binding.idempotent or binding.finds):
            return branch
        branch = self.draft.change_visit(branch, status=B.STARTING, failure=None)
        return self.draft.change(branch, status=B.STARTING, next_poll_at=None)

    def _timer(self, branch: Branch, visit: StepVisit) -> str | None:
        scope = held_by(self.draft, branch)
        if scope is None and visit.due_at is not None:
            self.wakes.append((visit.due_at, f"timer {branch.step_id}"))
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
    draft.intended.add((branch.id, visit.step_id, visit.visit, number))
    planned = replace(visit, attempts=(*visit.attempts, attempt), status=B.STARTING, failure=None, **reading(draft))
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
