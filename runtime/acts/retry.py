"""Retry: failed branches work again, with a stated intent."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import BranchAct, Input, Kind, OnScreen, Verdict, Verdicts
from runtime.engine.draft import Draft
from runtime.engine.moves import held_by
from runtime.engine.repair.retry import retry
from runtime.model.branch import Branch

INTENTS = ("new-attempt", "same-key", "reattach", "cancel-first")


class Retry(BranchAct, frozen=True, kw_only=True):
    """A new attempt of failed branches, siblings untouched."""

    verb: ClassVar[str] = "retry"
    bulk: ClassVar[bool] = True
    reaches_out: ClassVar[bool] = True
    undoable: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="A new attempt of the failed branch, siblings untouched; asks first.",
        key="R",
        label="retry",
        many="retry {many}",
        screens=frozenset({"runs", "attention"}),
    )

    intent: Annotated[str, Input(choices=INTENTS)] = "new-attempt"
    force: Annotated[bool, Input(kind=Kind.FLAG, help="Even if the old job may still run.")] = False

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Make one failed branch, or all of them, work again; work that is held starts at its release."""
        effects = retry(draft, branch.id if branch else None, self.intent, force=self.force)
        return effects + [f"It is held by {scope} and starts at release." for scope in sorted(_holding(draft))]

    def accepted(self, verdicts: Verdicts, branch: Branch) -> Verdict:
        """Whether just this retry of the branch is accepted."""
        return verdicts.retry(branch, self.intent, force=self.force)


def _holding(draft: Draft) -> set[str]:
    """Scopes of holds over work that waits to be started."""
    return {
        scope
        for branch in draft.branches.values()
        if branch.status == "pending"
        and (bound := draft.program.bindings.get(branch.step_id))
        and (scope := held_by(draft, branch, bound.system, bound.target))
    }
