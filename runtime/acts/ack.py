"""Acknowledge: a run leaves needs attention until it changes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import BranchAct, Input, OnScreen
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import acknowledge
from runtime.model.branch import Branch


class Acknowledge(BranchAct, frozen=True, kw_only=True):
    """Take a run out of needs attention until it changes."""

    verb: ClassVar[str] = "ack"
    bulk: ClassVar[bool] = True
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Takes the run out of needs attention until it changes, with a note. Asks first.",
        key="A",
        screens=frozenset({"runs", "attention"}),
        whole_run=True,
        does="acknowledge with a note",
        many="acknowledge {many} with a note",
        title="Acknowledge {run}",
        button="Acknowledge",
    )

    note: Annotated[str, Input(required=True, example="seen", hint="who looks after it, ticket")] = ""

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Take the run, or one branch, out of needs attention."""
        return acknowledge(draft, branch.id if branch is not None else None, self.note)
