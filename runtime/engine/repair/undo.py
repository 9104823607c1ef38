"""Undoing the firing of a join: what came from it is superseded, its tokens stand again (docs/semantics.md, Repair)."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.engine.branch_ids import fork_id, fork_step, forks_of, within
from runtime.engine.cancelling import owe_cancels
from runtime.engine.draft import Draft
from runtime.model.branch import Branch
from runtime.model.run import Firing
from runtime.model.status import BranchStatus as B


def undo_firing(draft: Draft, firing: Firing) -> None:
    """Undo a firing, and every later firing that consumed anything that came from it."""
    if draft.firings[(firing.step_id, firing.visit)].undone:
        return
    draft.put_firing(replace(firing, undone=True))
    token = draft.branches[firing.token]
    supersede_after(draft, token, firing.token_index)
    token = draft.branches[firing.token]
    consumed = [draft.branches[i] for i in (*firing.arrived, *firing.failed)]
    name = f"{firing.step_id}@{firing.visit}"
    if token.kind == "join" and token.id.endswith("@" + str(firing.visit)) and firing.token_index == 0:
        draft.change(token, status=B.SUPERSEDED)
    elif token.id in firing.arrived:
        _stand(draft, token, firing.step_id)
    else:
        _behind_fork(draft, token, consumed)
    for branch in consumed:
        branch = draft.branches[branch.id]
        if branch.consumed_by != name or branch.status is B.SUPERSEDED:
            continue
        if branch.id in firing.arrived:
            _stand(draft, branch, firing.step_id)
        else:
            draft.change(branch, consumed_by=None)
    for branch_id in firing.cancelled:
        reopen_cancelled(draft, draft.branches[branch_id])
    draft.record("undone", f"the firing {firing.visit} of {firing.step_id} was undone", step=firing.step_id)


def _stand(draft: Draft, branch: Branch, join: str) -> None:
    """Stand at a join again, records untouched."""
    draft.change(branch, status=B.ARRIVED, step_id=join, visit=0, consumed_by=None)


def _behind_fork(draft: Draft, parent: Branch, consumed: list[Branch]) -> None:
    """The token had left a fork: its branch waits behind that fork again."""
    forks: list[str] = []
    for branch in consumed:
        forks += [f for f in forks_of(branch, draft.branches) if f.rpartition("/")[0] == parent.id]
    if not forks:
        _stand(draft, parent, parent.step_id)
        return
    step, visit = fork_step(forks[-1])
    draft.change(
        parent, status=B.RUNNING, step_id=step, visit=visit, open_fork=forks[-1], consumed_by=None, cancelled_by=None
    )


def supersede_after(draft: Draft, branch: Branch, index: int) -> None:
    """Supersede all that a branch did from a visit on: visits, forks, items, firings; open jobs are cancelled."""
    visits = branch.steps[index:]
    forks = [fork_id(branch.id, v.step_id, v.visit) for v in visits]
    gone = [b for b in draft.branches.values() if any(within(b, f) for f in forks)]
    for later in list(draft.firings.values()):
        ids = (*later.arrived, *later.failed)
        if later.undone:
            continue
        if (
            any(b.id in ids for b in gone)
            or (branch.id in ids and branch.consumed_by == f"{later.step_id}@{later.visit}")
            or (later.token == branch.id and later.token_index >= index)
        ):
            undo_firing(draft, later)
        elif any(b.id == later.token for b in gone):
            draft.put_firing(replace(later, undone=True))
    for lost in gone:
        current = owe_cancels(draft, draft.branches[lost.id])
        draft.change(current, status=B.SUPERSEDED, next_poll_at=None, retry_at=None, held_by=None)
    branch = owe_cancels(draft, draft.branches[branch.id], from_index=index)
    steps = tuple(
        v if i < index else replace(v, status=B.SUPERSEDED, ended_at=v.ended_at or draft.now)
        for i, v in enumerate(branch.steps)
    )
    draft.change(branch, steps=steps, next_poll_at=None, retry_at=None, held_by=None, observation=None)


def reopen_cancelled(draft: Draft, branch: Branch) -> None:
    """A branch a join had cancelled works again, from the step it stood on."""
    if branch.status is not B.CANCELLED:
        return
    index = branch.current_index
    if index is None:
        joins = len(draft.graph.incoming.get(branch.step_id, ())) > 1
        draft.change(branch, status=B.ARRIVED if joins else B.PENDING, cancelled_by=None)
        return
    visit = branch.steps[index]
    if visit.recorded:
        draft.change(branch, status=B.PENDING, cancelled_by=None)
        return
    status = B.PENDING
    if visit.items is not None:
        status = B.RUNNING
        fork = fork_id(branch.id, visit.step_id, visit.visit)
        for item in [b for b in draft.branches.values() if b.kind == "item" and b.fork == fork]:
            if item.cancelled_by == branch.cancelled_by:
                reopen_cancelled(draft, item)
    elif visit.due_at is not None or visit.event is not None:
        status = B.WAITING
    number = visit.attempts[-1].attempt if visit.attempts else 0
    branch = draft.change_visit(
        branch, index=index, status=status, ended_at=None, budget_from=number + 1, budget_at=draft.now, failure=None
    )
    draft.change(branch, status=status, cancelled_by=None, expired=False)
