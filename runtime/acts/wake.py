"""Wake: the next poll and retry of a run are brought forward, or put off."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Self

from runtime.acts.base import Input, Kind, OnScreen, RunAct
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import set_wake
from runtime.model.branch import Branch
from runtime.model.moment import Moment


class Wake(RunAct, frozen=True, kw_only=True):
    """Set the next wake: postpone or bring forward."""

    verb: ClassVar[str] = "wake"
    bulk: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Sets the next wake: postpone it or bring it forward. Asks first.",
        key="T",
        label="set wake",
        does="set the next wake",
        alone=True,
        title="Set the next wake of {run}",
        button="Set the wake",
        screens=frozenset({"runs", "wakes"}),
    )

    at: Annotated[
        Moment,
        Input(
            kind=Kind.MOMENT,
            help="ISO 8601 moment, or a span like 5m from now.",
            label="from now",
            hint="30s, 5m, 2 hours",
            required=True,
            example="5m",
        ),
    ]

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Set every next poll and retry of the run to one moment; timers and timeouts keep theirs."""
        return set_wake(draft, self.at)

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Self:
        """Some time from now."""
        return cls(at=draft.now + timedelta(minutes=5))
