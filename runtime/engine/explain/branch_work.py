"""The branches of a run by their work: at work, failed, doubtful."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.model.branch import Branch
from runtime.model.status import SETTLED_BRANCH
from runtime.model.status import BranchStatus as B


def at_work(branches: Mapping[str, Branch]) -> list[Branch]:
    """Leaves, and branches that went on by themselves after a fork or items they had opened."""
    parents = {b.parent for b in branches.values() if b.parent and b.status is not B.SUPERSEDED}
    return [b for b in branches.values() if b.status is not B.SUPERSEDED and (b.id not in parents or _goes_on(b))]


def _goes_on(branch: Branch) -> bool:
    visit = branch.current
    if branch.open_fork is not None or branch.status in (*SETTLED_BRANCH, B.ARRIVED):
        return False
    return branch.status is not B.RUNNING or visit is None or visit.items is None


def failures(branches: Mapping[str, Branch], visits: Mapping[str, int]) -> list[Branch]:
    """Failed branches, leaving out failures whose step was entered again later (docs/semantics.md, Statuses)."""
    return [b for b in branches.values() if b.status is B.FAILED and b.visit >= visits.get(b.step_id, 0)]


def doubt_of(branch: Branch) -> str | None:
    """Why the work of a running branch may not be under way, by the last answer of its system."""
    visit = branch.current
    if branch.status is not B.RUNNING or branch.open_fork is not None or visit is None or not visit.attempts:
        return None
    return visit.attempts[-1].doubt
