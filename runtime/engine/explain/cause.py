"""What a run failed with, in one failure: its own, else the first of its branches in flow order."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.engine.draft import Draft
from runtime.engine.explain.branch_work import failures
from runtime.engine.explain.join_state import join_states
from runtime.model.branch import Branch, Failure
from runtime.model.status import BranchStatus as B

LONGEST = 2_000


def cause_of(draft: Draft) -> Failure:
    """The failure of a run whose tokens cannot move: which branch, why, how many more, which joins are held."""
    if draft.failure is not None:
        return draft.failure
    known = failures(draft.branches, draft.visits) or [
        b for b in draft.branches.values() if b.status in (B.FAILED, B.UNCONFIRMED)
    ]
    failed = [(b, f) for b in draft.in_order(known) if (f := _failure_of(b)) is not None]
    states = join_states(draft.program, draft.branches, list(draft.firings.values()))
    held = [f"{j.step_id} ({j.policy})" for j in states if j.held and j.fired_at is None]
    stuck = f"{', '.join(held)} {'is' if len(held) == 1 else 'are'} held until that is repaired or skipped"
    if not failed:
        text = f"{stuck}." if held else "No token of the run can move."
        return Failure("Stuck", text, draft.run.ended_at or draft.now, retryable=False)
    branch, failure = failed[0]
    name = branch.step_id if branch.index is None else f"{branch.step_id}:{branch.index}"
    more = ([f"{len(failed) - 1} more failed."] if failed[1:] else []) + ([f"{stuck}."] if held else [])
    first = f"{name}: {failure.message[:LONGEST]}"
    text = " ".join([first.rstrip(". ") + ".", *more]) if more else first
    # Details stay with the branch: a list of runs is not to carry them all.
    return replace(failure, message=text, details=None)


def _failure_of(branch: Branch) -> Failure | None:
    visit = branch.current
    return visit.failure if visit is not None else None
