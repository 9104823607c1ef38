"""Joins as they are shown to operators: those with tokens, those that fired, and the gathering of dynamic forks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runtime.engine.branch_ids import fork_id
from runtime.engine.draft import is_token
from runtime.engine.join import counts, expects, is_open_item, join_policy
from runtime.flow.program import Program
from runtime.model.branch import Branch
from runtime.model.explanation import JoinState
from runtime.model.run import Firing
from runtime.model.status import BranchStatus as B


def join_states(program: Program, branches: Mapping[str, Branch], firings: Sequence[Firing] = ()) -> list[JoinState]:
    """Every join with tokens at it or fired, and every dynamic fork entered, in flow order."""
    states: list[JoinState] = []
    open_now = {c.step_id: c for c in counts(program, branches)}
    last = {f.step_id: f for f in sorted(firings, key=lambda f: f.visit) if not f.undone}
    for step_id in program.graph.joins:
        policy = join_policy(program, step_id)
        count = open_now.get(step_id)
        fired = last.get(step_id)
        if count is not None:
            total = len(count.arrived) + len(count.failed) + len(count.expected)
            states.append(
                JoinState(
                    step_id,
                    str(policy),
                    (fired.visit if fired else 0) + 1,
                    policy.n or total,
                    len(count.arrived),
                    len(count.failed),
                    len(count.expected),
                    count.held,
                    None,
                    tuple(b.id for b in (*count.arrived, *count.failed, *count.expected)),
                )
            )
        elif fired is not None:
            states.append(
                JoinState(
                    step_id,
                    str(policy),
                    fired.visit,
                    fired.needed,
                    len(fired.arrived),
                    len(fired.failed),
                    0,
                    False,
                    fired.fired_at,
                )
            )
        else:
            live = [b for b in branches.values() if is_token(b) and expects(program.graph, step_id, b)]
            if live:
                needed, ids = policy.n or len(live), tuple(b.id for b in live)
                states.append(JoinState(step_id, str(policy), 1, needed, 0, 0, len(live), False, None, ids))
    return states + _item_states(program, branches)


def _item_states(program: Program, branches: Mapping[str, Branch]) -> list[JoinState]:
    states = []
    by_fork: dict[str, list[Branch]] = {}
    for branch in branches.values():
        if branch.kind == "item":
            by_fork.setdefault(branch.fork, []).append(branch)
    for parent in branches.values():
        for visit in parent.steps:
            if visit.items is None or visit.status is B.SUPERSEDED:
                continue
            group = by_fork.get(fork_id(parent.id, visit.step_id, visit.visit), [])
            arrived = sum(b.status in (B.COMPLETED, B.SKIPPED) for b in group)
            failed = sum(b.status is B.FAILED for b in group)
            waits = sum(is_open_item(b) for b in group)
            policy = program.step(visit.step_id).join
            held = not visit.recorded and waits == 0 and parent.status is not B.CANCELLED
            needed = policy.n or arrived + failed + waits
            ids = tuple(b.id for b in group) if visit.ended_at is None else ()
            count = (visit.step_id, str(policy), visit.visit, needed, arrived, failed, waits, held)
            states.append(JoinState(*count, visit.ended_at, ids))
    return states
