"""Pause: a run is held."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, OnScreen, RunAct
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import pause_run
from runtime.model.branch import Branch

CLOCKS = ("stop", "run")
MEANINGS = ("timeouts stand still while it is paused", "timeouts go on")


class Pause(RunAct, frozen=True, kw_only=True):
    """Hold a run."""

    verb: ClassVar[str] = "pause"
    composite: ClassVar[bool] = True
    bulk: ClassVar[bool] = True
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Pauses the run, or ends its pause; a failed run is resumed by retrying its failed branches. Asks first.",
        key="P",
        label="pause/resume",
        screens=frozenset({"runs"}),
    )

    clocks: Annotated[str, Input(choices=CLOCKS, help="Timeouts.", meanings=MEANINGS)] = "stop"

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Refuse where the run has ended for good or is paused; the hold itself is a record of its own."""
        return pause_run(draft)
