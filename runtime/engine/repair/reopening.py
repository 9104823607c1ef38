"""What consumed a failure is opened again, and what failFast cancelled works again (docs/semantics.md, Repair)."""

from __future__ import annotations

from runtime.engine.draft import Draft
from runtime.engine.join import settled_at
from runtime.engine.repair.undo import reopen_cancelled, supersede_after, undo_firing
from runtime.model.branch import Branch
from runtime.model.status import BranchStatus as B


def reopen_path(draft: Draft, branch: Branch) -> list[str]:
    """Undo whatever consumed a failure, and let what failFast cancelled work again; says what that supersedes."""
    effects: list[str] = []
    before = {b.id: b.status for b in draft.branches.values()}
    if branch.kind == "item":
        _reopen_items(draft, branch, effects)
    elif branch.consumed_by is not None:
        step, _, visit = branch.consumed_by.rpartition("@")
        undo_firing(draft, draft.firings[(step, int(visit))])
        effects.append(f"{step} opens again; what follows it runs again when it fires.")
    else:
        tokens = draft.tokens()
        at = settled_at(draft.graph, branch, draft.branches, tokens)
        if at is not None and draft.program.step(at).join.kind == "failFast":
            for other in [b for b in draft.branches.values() if b.cancelled_by == at and b.kind != "item"]:
                reopen_cancelled(draft, other)
                effects.append(f"{other.id}, cancelled by {at}, works again.")
    effects += [
        f"{b.id} is superseded."
        for b in draft.branches.values()
        if b.status is B.SUPERSEDED and before.get(b.id) is not B.SUPERSEDED
    ]
    for _, _, attempt in (a for b in draft.branches.values() for a in draft.open_attempts(b)):
        if attempt.cancel is not None and attempt.cancel.requested_at == draft.now:
            effects.append(f"The job {attempt.external_id or attempt.idempotency_key} is cancelled.")
    return effects


def _reopen_items(draft: Draft, item: Branch, effects: list[str]) -> None:
    parent = draft.branches[item.parent or ""]
    index = next(i for i, v in enumerate(parent.steps) if (v.step_id, v.visit) == (item.step_id, item.visit))
    mark = f"{item.step_id}@{item.visit}"
    if parent.steps[index].recorded:
        supersede_after(draft, parent, index + 1)
        parent = draft.change_visit(
            draft.branches[parent.id], index=index, recorded=False, ended_at=None, status=B.RUNNING, result=None
        )
        draft.change(
            parent,
            step_id=item.step_id,
            visit=item.visit,
            status=B.RUNNING,
            open_fork=None,
            consumed_by=None,
            cancelled_by=None,
        )
        effects.append(f"{item.step_id} gathers its items again; what follows it runs again.")
    for other in [b for b in draft.branches.values() if b.fork == item.fork and b.cancelled_by == mark]:
        reopen_cancelled(draft, other)
        effects.append(f"{other.id} works again.")
