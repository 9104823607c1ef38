"""Whether work takes longer than it usually does: judged against the same step's own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from runtime.model.branch import Branch
from runtime.model.status import BranchStatus as B

KEPT = 50
"""Durations kept of a step."""
KNOWN_ENOUGH = 5
TIMES = 3.0
AT_LEAST_SECONDS = 10.0
Durations = Mapping[str, Sequence[float]]
"""Seconds of the last completed attempts, by `workflow/step`, oldest first."""


def usual_seconds(durations: Durations, workflow: str, step_id: str) -> float | None:
    """What a step usually takes: the median of at least five completed attempts; None if fewer are known."""
    known = durations.get(f"{workflow}/{step_id}", ())
    return sorted(known)[len(known) // 2] if len(known) >= KNOWN_ENOUGH else None


def late_against(branch: Branch, workflow: str, durations: Durations, now: datetime) -> float | None:
    """What the work of a branch usually takes, if it runs three times as long, and ten seconds longer; else None."""
    if not durations or branch.status is not B.RUNNING or branch.open_fork is not None:
        return None
    visit = branch.current
    if visit is None or not visit.attempts:
        return None
    usual = usual_seconds(durations, workflow, branch.step_id)
    if usual is None:
        return None
    attempt = visit.attempts[-1]
    age = (now - (attempt.started_at or attempt.requested_at)).total_seconds()
    return usual if age > TIMES * usual and age > usual + AT_LEAST_SECONDS else None
