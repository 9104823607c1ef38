"""Cancel: a run ends at once, its external jobs are asked to stop until they answer."""

from __future__ import annotations

from typing import ClassVar

from runtime.acts.base import OnScreen, RunAct
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import cancel_run
from runtime.model.branch import Branch


class Cancel(RunAct, frozen=True, kw_only=True):
    """End a run and ask the external systems to stop."""

    verb: ClassVar[str] = "cancel"
    bulk: ClassVar[bool] = True
    undoable: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Ends the run; its external jobs are asked to stop until they answer. Asks first.",
        key="C",
        label="cancel",
        screens=frozenset({"runs"}),
        keep="Let it run",
    )

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """End the run; external cancels are owed until they are answered."""
        return cancel_run(draft)
