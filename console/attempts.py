"""Which attempt of a branch is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.operations.records import Attempt, Branch


def last_attempt(branch: Branch) -> Attempt | None:
    """The newest attempt of the branch's newest visit that has one; None if its present visit has none."""
    for visit in reversed(branch.steps):
        if visit.attempts:
            return visit.attempts[-1]
        if visit.visit == branch.visit:
            return None
    return None
