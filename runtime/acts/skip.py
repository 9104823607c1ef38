"""Skip: the step of a branch is settled by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from runtime.acts.base import BranchAct, Input, Json, Kind, OnScreen
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import skip
from runtime.model.branch import Branch


class Skip(BranchAct, frozen=True, kw_only=True):
    """Settle the step of a branch by hand."""

    verb: ClassVar[str] = "skip"
    bulk: ClassVar[bool] = True
    undoable: ClassVar[bool] = True
    needs_reason: ClassVar[str] = "say why the step is settled by hand"
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Settles the branch by hand, with a result; asks first.",
        key="S",
        label="skip",
        does="skip it",
        screens=frozenset({"runs"}),
    )

    branch: str
    result: Annotated[Json, Input(kind=Kind.JSON, help="JSON or @file.", default="null")] = None

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Settle the step the branch stands on; the result is checked against the schema of the step."""
        assert branch is not None
        return skip(draft, branch.id, self.result)

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Self:
        """With no result: one that does not fit counts as accepted."""
        return cls(branch=branch.id if branch is not None else "")
