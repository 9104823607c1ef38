"""What a run does next, once what is open has come to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runtime.engine.draft import is_token
from runtime.flow.program import Program
from runtime.model.branch import Branch
from runtime.model.explanation import JoinState
from runtime.model.status import BranchStatus

MOST_NAMED = 3


def what_follows(program: Program, waiting: Sequence[JoinState], branches: Mapping[str, Branch]) -> str:
    """`join-files runs, then publish begins`; empty if that depends on how a decision goes.

    `waiting` are the joins that have not fired, in flow order: the first of them is what happens next.
    """
    live = [b for b in branches.values() if is_token(b) and b.open_fork is None]
    if waiting and not _alone(program, live):
        return _of_join(program, waiting[0])
    if any(b.status is BranchStatus.FAILED for b in live):
        return ""
    steps = {b.step_id for b in live}
    return _after(program, steps.pop()) if len(steps) == 1 else ""


def _alone(program: Program, live: Sequence[Branch]) -> bool:
    """Whether one token goes its way, on which a join that it comes to later stops it for nobody."""
    return len(live) == 1 and not live[0].fork and live[0].step_id not in program.graph.joins and not _items(live[0])


def _items(branch: Branch) -> bool:
    visit = branch.current
    return visit is not None and visit.items is not None


def _of_join(program: Program, join: JoinState) -> str:
    if program.graph.steps[join.step_id].type == "end":
        return "the run completes"
    does = f"{join.step_id} runs" if join.step_id in program.graph.joins else f"{join.step_id} is done"
    if join.held:
        does += " once a failure is repaired or skipped"
    rest = _after(program, join.step_id)
    return f"{does}, then {rest}" if rest else does


def _after(program: Program, step_id: str) -> str:
    """What the connections out of a step lead to; empty where conditions choose among them."""
    ways = program.graph.outgoing.get(step_id, ())
    if any(way.condition is not None for way in ways) and len(ways) > 1:
        return ""
    steps = [program.graph.steps[way.target] for way in ways]
    if not steps or all(step.type == "end" for step in steps):
        return "the run completes"
    names = [step.id for step in steps if step.type != "end"]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more} begin{'s' if len(names) == 1 else ''}"
