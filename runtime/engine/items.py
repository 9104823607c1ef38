"""Dynamic forks: one item branch for each item of a list, gathered by the step's own join policy."""

from __future__ import annotations

from runtime.engine.branch_ids import fork_id
from runtime.engine.cancelling import cancel_branch
from runtime.engine.draft import Draft
from runtime.engine.join import is_open_item
from runtime.engine.step_visits import complete_visit, fail_visit
from runtime.errors import ForkjoinError
from runtime.model.branch import Branch, StepVisit
from runtime.model.status import BranchStatus as B

MAXIMUM_ITEMS = 10_000


def open_items(draft: Draft, branch: Branch) -> None:
    """Evaluate `forEach` and open one item branch per item; no item gives `[]` at once."""
    step = draft.program.step(branch.step_id)
    assert step.for_each is not None
    try:
        found = draft.evaluate(_bare(step.for_each), branch)
    except ForkjoinError as problem:
        fail_visit(draft, branch, "ForEach", f"forEach of {step.id}: {problem.message}")
        return
    if not isinstance(found, list):
        fail_visit(
            draft, branch, "ForEach", f"forEach of {step.id} gave {type(found).__name__}, not a list: {step.for_each}"
        )
        return
    if len(found) > MAXIMUM_ITEMS:
        fail_visit(
            draft, branch, "ForEach", f"forEach of {step.id} gave {len(found):,} items; {MAXIMUM_ITEMS:,} is the most."
        )
        return
    branch = draft.change_visit(branch, items=len(found), status=B.RUNNING)
    branch = draft.change(branch, status=B.RUNNING)
    if not found:
        complete_visit(draft, branch, [])
        return
    fork = fork_id(branch.id, step.id, branch.visit)
    for index, item in enumerate(found):
        visit = StepVisit(step.id, branch.visit, draft.now, budget_at=draft.now)
        draft.put(
            Branch(
                run_id=draft.run.id,
                id=f"{fork}:{index}",
                seq=draft.next_seq,
                step_id=step.id,
                created_at=draft.now,
                parent=branch.id,
                fork=fork,
                kind="item",
                index=index,
                item=item,
                visit=branch.visit,
                steps=(visit,),
            )
        )
        draft.next_seq += 1
    draft.record("forked", f"{step.id} opened {len(found)} items", branch, data={"fork": fork})


def _bare(expression: str) -> str:
    text = expression.strip()
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def items_of(draft: Draft, parent: Branch) -> list[Branch]:
    """The item branches of the dynamic fork a branch stands at, in item order."""
    fork = fork_id(parent.id, parent.step_id, parent.visit)
    return [b for b in draft.branches.values() if b.kind == "item" and b.fork == fork]


def decide(draft: Draft) -> None:
    """After items settled: let the tokens behind their dynamic forks go on where the policies allow."""
    while draft.gathering:
        parent_id = next(iter(draft.gathering))
        del draft.gathering[parent_id]
        _gather(draft, draft.branches[parent_id])


def _gather(draft: Draft, parent: Branch) -> None:
    visit = parent.current
    if visit is None or visit.items is None or visit.recorded or parent.status is not B.RUNNING:
        return
    policy = draft.program.step(parent.step_id).join
    group = items_of(draft, parent)
    arrived = [b for b in group if b.status in (B.COMPLETED, B.SKIPPED)]
    failed = [b for b in group if b.status is B.FAILED]
    waits = [b for b in group if is_open_item(b)]
    mark = f"{parent.step_id}@{parent.visit}"
    if policy.kind == "failFast" and failed and waits:
        for branch in waits:
            cancel_branch(draft, draft.branches[branch.id], mark)
        waits = []
    if policy.kind == "atLeast":
        fires = len(arrived) >= policy.n
    elif policy.kind == "allSettled":
        fires = not waits
    else:
        fires = not waits and not failed
    if not fires:
        return
    for branch in waits:
        cancel_branch(draft, draft.branches[branch.id], mark)
    result = [b.steps[-1].result if b.status in (B.COMPLETED, B.SKIPPED) else None for b in group]
    draft.record(
        "joined",
        f"{parent.step_id} ({policy}) gathered its items: {len(arrived)} completed, {len(failed)} failed",
        parent,
    )
    complete_visit(draft, parent, result)
