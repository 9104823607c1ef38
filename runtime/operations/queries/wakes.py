"""The wake board: what is woken when."""

from __future__ import annotations

from datetime import datetime

import msgspec

from runtime.model.run import Run


class Wake(msgspec.Struct, frozen=True):
    """One line of the wake board."""

    run_id: str | None
    """None for the tick of a schedule, which starts a run that is not there yet."""
    at: datetime | None
    """When it is due; None while it is held."""
    reason: str
    late_seconds: float = 0.0
    """How long it has been due."""


def wake_of(run: Run, now: datetime) -> Wake:
    """The next wake of a run."""
    late = (now - run.next_wake_at).total_seconds() if run.next_wake_at else 0.0
    return Wake(run.id, run.next_wake_at, run.wake_reason or ("held" if run.held else ""), max(0.0, late))
