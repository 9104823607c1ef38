"""Why a run is as it is: sentences for people, and beside them everything that programs ask."""

from __future__ import annotations

from datetime import datetime

import msgspec

from runtime.model.act import Hold
from runtime.model.heartbeat import Heartbeat
from runtime.model.status import BranchStatus, RunStatus


class JoinState(msgspec.Struct, frozen=True):
    """A join, or the gathering of a dynamic fork, as shown to operators."""

    step_id: str
    policy: str
    visit: int
    needed: int
    arrived: int
    failed: int
    expected: int
    held: bool
    fired_at: datetime | None
    branches: tuple[str, ...] = ()
    """Ids of the branches that it counts while it has not fired: arrived, failed, expected."""

    @property
    def arithmetic(self) -> str:
        """What it needs and has, as a sentence without its full stop."""
        ways_in = self.arrived + self.failed + self.expected
        text = (
            f"{self.step_id} needs {self.needed:,} of {ways_in:,} ({self.policy}): "
            f"{self.arrived:,} completed, {self.failed:,} failed, {self.expected:,} open"
        )
        return f"{text}; it is held until a failure is repaired or skipped" if self.held else text


class BranchReason(msgspec.Struct, frozen=True):
    """What one branch is doing and what it waits for."""

    id: str
    step_id: str
    status: BranchStatus
    reason: str
    facts: tuple[str, ...] = ()
    """The parts of the reason: what it is doing, then what is known of that, then what comes next."""
    marks: tuple[str, ...] = ()
    """What is out of the ordinary, in a word each: held, expired, lost, stale, late, event."""


class Explanation(msgspec.Struct, frozen=True):
    """Why a run is not done, worked out from its records."""

    run: str
    status: RunStatus
    reasons: tuple[str, ...]
    """Sentences about the run, its joins, branches, holds and scheduler, in the order in which they are read."""
    joins: tuple[JoinState, ...]
    branches: tuple[BranchReason, ...]
    holds: tuple[Hold, ...]
    can: tuple[str, ...]
    """Commands that are accepted as they stand, the most fitting first."""
    scheduler: Heartbeat | None
    """The last heartbeat of whoever drives the store."""
    alive: bool
    """Whether that is a heartbeat of somebody who still does."""
    headline: str = ""
    """What the run is, and when it goes on."""
    failure: str = ""
    """What the run as a whole failed of."""
    notes: tuple[str, ...] = ()
    """Cancels that are owed, and a wake that is overdue."""
    then: str = ""
    """What follows once what is open has come to its end; empty where that is not settled."""
    driven: str = ""
    """The sentence about whoever drives the store."""

    @property
    def advice(self) -> str:
        """The sentence that names what can be done; empty where nothing can."""
        return f"You can: {'; '.join(self.can)}" if self.can else ""

    @property
    def sentences(self) -> list[str]:
        """All sentences, what can be done last."""
        return [sentence for sentence in (*self.reasons, self.advice) if sentence]
