"""Adopt: work that runs outside already is taken as that of a branch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from runtime.acts.base import BranchAct, Input, OnScreen
from runtime.engine.draft import Draft
from runtime.engine.repair.adopting import adopt
from runtime.model.branch import Branch


class Adopt(BranchAct, frozen=True, kw_only=True):
    """Take work that runs outside already as that of a branch; nothing is started."""

    verb: ClassVar[str] = "adopt"
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Takes work that runs outside already as that of the branch, by its id; starts nothing, asks first.",
        key="I",
        label="adopt",
        button="Adopt 1 job",
        screens=frozenset({"runs"}),
    )

    branch: str
    external_id: Annotated[
        str,
        Input(
            help="What the external system calls the work.",
            hint="what the system calls the work",
            required=True,
            example="ID",
        ),
    ]

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Poll the work of this id as that of the last attempt of the branch."""
        assert branch is not None
        return adopt(draft, branch.id, self.external_id)

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Self:
        """With an id that any system may give."""
        return cls(branch=branch.id if branch is not None else "", external_id="-")
