"""Questions of operators to external systems: stored, asked by the scheduler, answered in the store."""

from __future__ import annotations

from runtime.model.moment import Moment
from runtime.model.record import Record


class Question(Record, frozen=True):
    """What somebody wants to know of the work of one branch, now."""

    id: int
    kind: str
    """status: how the work stands. logs: what the system has logged of it. find: whether it has the work of the key."""
    run_id: str
    branch: str
    asked_at: Moment
    by: str
    answered_at: Moment | None = None
    reading: str = ""
    """running, completed, failed, lost or unreachable; of find found or nothing too; empty for logs."""
    text: str = ""
    """What was answered, secrets masked."""
    problem: str = ""
    """Why it could not be asked."""
    external_id: str = ""
    """What the system calls the work, where find has found it."""
