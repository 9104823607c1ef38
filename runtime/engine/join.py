"""Joins: which tokens one waits for, when it fires, and what it holds up (docs/semantics.md, Joins)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from runtime.engine.branch_ids import fork_step, forks_of, quoted, within
from runtime.engine.cancelling import cancel_branch
from runtime.engine.draft import Draft, is_token
from runtime.flow.definition import JoinPolicy
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Program
from runtime.model.branch import Branch
from runtime.model.run import Firing
from runtime.model.status import BranchStatus as B


class JoinCount(msgspec.Struct, frozen=True):
    """One join as it stands: the tokens at it, the failures settled there, the tokens it still expects."""

    step_id: str
    policy: JoinPolicy
    arrived: tuple[Branch, ...]
    failed: tuple[Branch, ...]
    expected: tuple[Branch, ...]

    @property
    def fires(self) -> bool:
        """Whether the join is due now."""
        if self.policy.kind == "atLeast":
            return len(self.arrived) >= self.policy.n
        if self.expected:
            return False
        if self.policy.kind == "allSettled":
            return bool(self.arrived or self.failed)
        return bool(self.arrived) and not self.failed

    @property
    def would_fire(self) -> bool:
        """Whether it would fire if nothing more were expected."""
        return replace(self, expected=()).fires

    @property
    def held(self) -> bool:
        """Nothing more is expected and it cannot fire: an operator must repair or skip."""
        return not self.expected and not self.fires and bool(self.arrived or self.failed)


def join_policy(program: Program, step_id: str) -> JoinPolicy:
    """The policy over incoming connections; on a dynamic fork `metadata.join` speaks of its items instead."""
    step = program.step(step_id)
    return JoinPolicy() if step.for_each else step.join


def counts(program: Program, branches: Mapping[str, Branch]) -> list[JoinCount]:
    """Every join that has arrived or settled tokens, in flow order. O(branches) for each such join."""
    graph = program.graph
    tokens = [b for b in branches.values() if is_token(b)]
    arrived: dict[str, list[Branch]] = {}
    failed: dict[str, list[Branch]] = {}
    place: dict[str, str] = {}
    for token in tokens:
        if token.status is B.ARRIVED:
            arrived.setdefault(token.step_id, []).append(token)
            place[token.id] = token.step_id
        elif token.status is B.FAILED:
            at = settled_at(graph, token, branches, tokens)
            if at is not None:
                failed.setdefault(at, []).append(token)
                place[token.id] = at
    found = []
    for step_id in sorted({*arrived, *failed}, key=lambda s: graph.order[s]):
        waits = tuple(b for b in tokens if place.get(b.id) != step_id and expects(graph, step_id, b))
        found.append(
            JoinCount(
                step_id,
                join_policy(program, step_id),
                tuple(arrived.get(step_id, ())),
                tuple(failed.get(step_id, ())),
                waits,
            )
        )
    return found


def expects(graph: FlowGraph, join: str, token: Branch) -> bool:
    """Whether a join waits for a token where it stands now."""
    if token.step_id != join:
        return graph.expects(join, token.step_id)
    if token.visit == 0:
        return token.status is B.PENDING
    return any(c.target == join or graph.expects(join, c.target) for c in graph.outgoing.get(join, ()))


def settled_at(graph: FlowGraph, token: Branch, branches: Mapping[str, Branch], tokens: Sequence[Branch]) -> str | None:
    """The join at which a failed token settles; None outside any fork, where the run fails."""
    forks = []
    at: Branch | None = token
    while at is not None:
        if at.fork and (not at.joined or any(within(t, at.fork) and not _under(t, at) for t in tokens)):
            forks.append(fork_step(at.fork)[0])
        at = branches.get(at.parent) if at.parent else None
    return graph.settles_at(token.step_id, tuple(forks)) if forks else None


def _under(token: Branch, branch: Branch) -> bool:
    return token.id == branch.id or token.id.startswith(branch.id + "/")


def next_due(draft: Draft) -> JoinCount | None:
    """The first join in flow order that is due, else the first of a circle of joins waiting only for each other."""
    found = counts(draft.program, draft.branches)
    if _fail_fast(draft, found):
        found = counts(draft.program, draft.branches)
    for count in found:
        if count.fires:
            return count
    circle = {c.step_id: c for c in found if c.expected and c.would_fire}
    at = {b.id: c.step_id for c in found for b in (*c.arrived, *c.failed)}
    while circle:
        kept = {s: c for s, c in circle.items() if all(at.get(b.id) in circle for b in c.expected)}
        if len(kept) == len(circle):
            return next(iter(kept.values()))
        circle = kept
    return None


def _fail_fast(draft: Draft, found: list[JoinCount]) -> bool:
    """The first failure at a failFast join cancels everything the join expects."""
    acted = False
    for count in found:
        if count.policy.kind == "failFast" and count.failed and count.expected:
            for token in count.expected:
                cancel_branch(draft, draft.branches[token.id], count.step_id)
            acted = True
            draft.record(
                "fail_fast",
                f"{count.step_id} cancelled {len(count.expected)} branches after the first failure",
                step=count.step_id,
            )
    return acted


def fire(draft: Draft, due: JoinCount) -> tuple[Branch, tuple[tuple[str, int], ...]]:
    """Consume what arrived and failed; gives the branch that carries the token on, and what was settled."""
    number = draft.visits.get(due.step_id, 0) + 1
    name = f"{due.step_id}@{number}"
    if due.policy.kind == "atLeast":
        for token in due.expected:
            cancel_branch(draft, draft.branches[token.id], name)
    consumed = sorted((*due.arrived, *due.failed), key=lambda b: b.seq)
    cancelled = [b for b in draft.branches.values() if b.cancelled_by == name]
    cancelled += [
        b
        for b in draft.branches.values()
        if due.policy.kind == "failFast" and b.cancelled_by == due.step_id and b.status is B.CANCELLED
    ]
    settled = tuple(
        (b.id, len(b.steps) - 1) for b in sorted((*consumed, *cancelled), key=lambda b: b.seq) if b.kind != "item"
    )
    for branch in due.arrived:
        skipped = bool(branch.steps) and branch.steps[-1].status is B.SKIPPED
        draft.change(branch, status=B.SKIPPED if skipped else B.COMPLETED, consumed_by=name)
    for branch in due.failed:
        draft.change(branch, consumed_by=name)
    token = _carry_on(draft, due, consumed, number)
    draft.put_firing(
        Firing(
            run_id=draft.run.id,
            step_id=due.step_id,
            visit=number,
            policy=str(due.policy),
            needed=due.policy.n if due.policy.kind == "atLeast" else len(consumed),
            arrived=tuple(b.id for b in due.arrived),
            failed=tuple(b.id for b in due.failed),
            cancelled=tuple(b.id for b in cancelled),
            token=token.id,
            token_index=len(token.steps),
            fired_at=draft.now,
        )
    )
    draft.record(
        "joined",
        f"{due.step_id} ({due.policy}) fired: {len(due.arrived)} completed, {len(due.failed)} failed",
        step=due.step_id,
        data={"visit": number},
    )
    return token, settled


def _carry_on(draft: Draft, due: JoinCount, consumed: list[Branch], number: int) -> Branch:
    """The token of a firing belongs to the innermost fork the consumed share, or leaves it if it is the last."""
    chains = [forks_of(b, draft.branches) for b in consumed]
    shared = ""
    for level in zip(*chains, strict=False):
        if len(set(level)) > 1:
            break
        shared = level[0]
    if not shared:
        root = draft.branches["main"]
        return draft.change(root, step_id=due.step_id, status=B.PENDING, visit=0, consumed_by=None, open_fork=None)
    others = any(is_token(b) and within(b, shared) for b in draft.branches.values())
    only = draft.branches[consumed[0].id]
    if others and len(consumed) == 1 and due.arrived:
        return draft.change(only, status=B.PENDING, consumed_by=None, joined=True)
    parent_id = shared.rpartition("/")[0]
    if not others:
        parent = draft.branches[parent_id]
        return draft.change(parent, step_id=due.step_id, status=B.PENDING, visit=0, open_fork=None)
    draft.next_seq += 1
    return draft.put(
        Branch(
            run_id=draft.run.id,
            id=f"{shared}/{quoted(due.step_id)}@{number}",
            seq=draft.next_seq - 1,
            step_id=due.step_id,
            created_at=draft.now,
            parent=parent_id,
            fork=shared,
            kind="join",
            joined=True,
        )
    )


def is_open_item(branch: Branch) -> bool:
    """Whether an item branch may still come to something by itself."""
    return branch.status in (B.PENDING, B.STARTING, B.UNCONFIRMED, B.RUNNING, B.WAITING, B.AWAITING_RETRY)
