"""Tokens move: steps are entered and left, forks open, joins fire, until nothing more can happen by itself."""

from __future__ import annotations

import re

from runtime.durations import add_duration
from runtime.engine import items
from runtime.engine.branch_ids import fork_id, quoted
from runtime.engine.draft import Draft, is_token
from runtime.engine.join import fire, next_due
from runtime.engine.state_changes import reading
from runtime.engine.step_visits import complete_visit, fail_unbound, fail_visit
from runtime.errors import ForkjoinError
from runtime.flow.definition import Connection
from runtime.model.branch import Branch, Failure, StepVisit
from runtime.model.status import BranchStatus as B

MAXIMUM_VISITS = 100_000


def settle(draft: Draft) -> None:
    """Move every token as far as it can go, then decide joins one at a time in flow order (docs/semantics.md, Joins).

    At most 1,000 steps are entered; tokens left over stay pending and the run is due again at once.
    """
    _fire_timers(draft)
    while True:
        items.decide(draft)
        _move_all(draft)
        if draft.steps_left <= 0 or draft.failure is not None:
            break
        due = next_due(draft)
        if due is None:
            if draft.gathering:
                continue
            break
        token, settled = fire(draft, due)
        begin_visit(draft, token, settled=settled)
    _keep_forks(draft)


def _move_all(draft: Draft) -> None:
    while draft.steps_left > 0:
        ready = [b for b in draft.tokens() if _can_move(b)]
        if not ready:
            return
        for branch in draft.in_order(ready):
            if draft.steps_left <= 0 or draft.failure is not None:
                return
            if branch.visit == 0:
                enter(draft, branch)
            else:
                leave(draft, branch)


def _can_move(branch: Branch) -> bool:
    if branch.status is not B.PENDING:
        return False
    visit = branch.current
    return visit is None or visit.recorded


def _fire_timers(draft: Draft) -> None:
    for branch in list(draft.branches.values()):
        visit = branch.current
        if branch.status is B.WAITING and visit and visit.due_at and visit.due_at <= draft.now:
            if not held_by(draft, branch):
                draft.record("timer", f"the timer {branch.step_id} fired", branch)
                complete_visit(draft, branch, None)


def held_by(draft: Draft, branch: Branch, system: str = "", target: str = "") -> str | None:
    """The scope of the first active hold on this work, or None."""
    run, flow = draft.run, draft.program.flow
    for hold in draft.holds:
        if hold.released_at is None and hold.covers(
            run_id=run.id, workflow=run.workflow, flow_id=flow.id, system=system, target=target
        ):
            return hold.scope
    return None


def enter(draft: Draft, branch: Branch) -> None:
    """A token comes to a step: it arrives at a join, or begins a visit."""
    if branch.step_id in draft.graph.incoming and len(draft.graph.incoming[branch.step_id]) > 1:
        draft.change(branch, status=B.ARRIVED)
        draft.record("arrived", f"{branch.id} arrived at {branch.step_id}", branch)
    else:
        begin_visit(draft, branch)


def begin_visit(
    draft: Draft,
    branch: Branch,
    settled: tuple[tuple[str, int], ...] = (),
) -> None:
    """One more visit of the step the token stands before."""
    step = draft.program.step(branch.step_id)
    if draft.total_visits >= MAXIMUM_VISITS:
        draft.failure = Failure(
            "TooManyVisits",
            f"The run has made {MAXIMUM_VISITS:,} step visits, the most a run may make; does a loop never end?",
            draft.now,
            retryable=False,
        )
        return
    draft.steps_left -= 1
    draft.total_visits += 1
    number = draft.visits.get(step.id, 0) + 1
    draft.visits[step.id] = number
    previous = next((v for v in reversed(branch.steps) if v.status is not B.SUPERSEDED), None)
    settled_items = None
    if previous is not None and previous.items is not None and previous.recorded and not settled:
        settled_items = fork_id(branch.id, previous.step_id, previous.visit)
    visit = StepVisit(
        step.id, number, draft.now, budget_at=draft.now, settled=settled, settled_items=settled_items, **reading(draft)
    )
    branch = draft.change(
        branch,
        steps=(*branch.steps, visit),
        visit=number,
        status=B.PENDING,
        observation=None,
        last_poll_failure=None,
        next_poll_at=None,
        retry_at=None,
        poll_streak=0,
        expired=False,
        held_by=None,
    )
    draft.record("entered", f"{branch.id} entered {step.id}", branch, data={"visit": number})
    if step.type == "task":
        if step.for_each:
            items.open_items(draft, branch)
        elif step.id not in draft.program.bindings:
            fail_unbound(draft, branch)
    elif step.type == "resumeAfter":
        try:
            due = add_duration(draft.now, step.duration)
        except ForkjoinError as problem:
            fail_visit(draft, branch, "Duration", problem.message)
            return
        branch = draft.change_visit(branch, due_at=due, status=B.WAITING)
        draft.change(branch, status=B.WAITING)
        if due <= draft.now:
            complete_visit(draft, draft.branches[branch.id], None)
    elif step.type == "waitForEvent":
        draft.change_visit(draft.change(branch, status=B.WAITING), event=step.event or step.id, status=B.WAITING)
    else:
        complete_visit(draft, branch, None)


def leave(draft: Draft, branch: Branch) -> None:
    """A token leaves its step by the connections that are open (docs/semantics.md, Tokens)."""
    step = draft.program.step(branch.step_id)
    visit = branch.current
    assert visit is not None
    outgoing = draft.graph.outgoing.get(step.id, ())
    try:
        taken = _decide(draft, branch, outgoing) if step.type == "decision" else _open(draft, branch, outgoing)
    except ForkjoinError as problem:
        fail_visit(draft, branch, "ConditionError", f"Leaving {step.id}: {problem.message}")
        return
    if not outgoing:
        status = B.SKIPPED if visit.status is B.SKIPPED else B.COMPLETED
        draft.change(branch, status=status)
        draft.record("ended", f"{branch.id} ended at {step.id}", branch)
    elif not taken:
        fail_visit(draft, branch, "NoConnection", _no_way(draft, branch, outgoing))
    elif len(taken) == 1:
        draft.change(branch, step_id=taken[0].target, visit=0, status=B.PENDING)
    else:
        _fork(draft, branch, taken)


def _decide(draft: Draft, branch: Branch, outgoing: tuple[Connection, ...]) -> list[Connection]:
    for connection in outgoing:
        if connection.condition is not None and draft.truthy(connection.condition, branch):
            return [connection]
    return [c for c in outgoing if c.condition is None][:1]


def _open(draft: Draft, branch: Branch, outgoing: tuple[Connection, ...]) -> list[Connection]:
    return [c for c in outgoing if c.condition is None or draft.truthy(c.condition, branch)]


_PATH = re.compile(r"\b(?:state|params|results|item)(?:\.[A-Za-z_$][\w$]*)*")


def _no_way(draft: Draft, branch: Branch, outgoing: tuple[Connection, ...]) -> str:
    conditions = "; ".join(f"{c.id}: {c.condition}" for c in outgoing)
    values = []
    for path in dict.fromkeys(_PATH.findall(" ".join(c.condition or "" for c in outgoing))):
        try:
            values.append(f"{path} is {draft.evaluate(path, branch)!r}"[:200])
        except ForkjoinError:
            values.append(f"{path} cannot be read")
    return f"No connection out of {branch.step_id} is open ({conditions}): {', '.join(values) or 'no values used'}."


def _fork(draft: Draft, branch: Branch, taken: list[Connection]) -> None:
    fork = fork_id(branch.id, branch.step_id, branch.visit)
    draft.change(branch, status=B.RUNNING, open_fork=fork)
    used: dict[str, int] = {}
    for connection in taken:
        name = f"{fork}/{quoted(connection.target)}"
        used[name] = used.get(name, 0) + 1
        if used[name] > 1:
            name = f"{name}#{used[name]}"
        draft.put(
            Branch(
                run_id=draft.run.id,
                id=name,
                seq=draft.next_seq,
                step_id=connection.target,
                created_at=draft.now,
                parent=branch.id,
                fork=fork,
                kind="fork",
            )
        )
        draft.next_seq += 1
    draft.record("forked", f"{branch.step_id} opened {len(taken)} branches", branch, data={"fork": fork})


def _keep_forks(draft: Draft) -> None:
    """A branch behind the fork it opened runs as long as a token of that fork lives."""
    parents = [b for b in draft.branches.values() if b.open_fork and b.status is not B.SUPERSEDED]
    if not parents:
        return
    busy: set[str] = set()
    for branch in draft.branches.values():
        if is_token(branch):
            at = branch
            while at.parent and at.parent not in busy:
                busy.add(at.parent)
                at = draft.branches[at.parent]
    for branch in parents:
        status = B.RUNNING if branch.id in busy else B.CANCELLED if draft.cancelled else B.COMPLETED
        if branch.status is not status:
            draft.change(branch, status=status)
