"""Send: an event that a run waits for is answered."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from runtime.acts.base import Input, Json, Kind, OnScreen, RunAct, Scope, Verdict, Verdicts
from runtime.engine.draft import Draft
from runtime.engine.repair.allowed import Refusal
from runtime.engine.repair.controls import send_event
from runtime.model.branch import Branch


class Send(RunAct, frozen=True, kw_only=True):
    """Answer a waitForEvent."""

    verb: ClassVar[str] = "send"
    acts_on: ClassVar[Scope] = Scope.BRANCH
    bulk: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Answers an event the run waits for, like an approval; asks first.",
        key="W",
        label="send event",
        screens=frozenset({"runs"}),
        keep="Not now",
    )

    event: Annotated[str, Input(positional=True)]
    payload: Annotated[Json, Input(kind=Kind.JSON, help="JSON or @file.", default="null")] = None
    branch: Annotated[str | None, Input(help="Which branch, if several wait for the name.")] = None

    @property
    def branch_named(self) -> str | None:
        """The branch whose event is answered; None where only one waits for the name."""
        return self.branch

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Answer the event; the payload is checked against its schema."""
        return send_event(draft, self.event, self.payload, branch.id if branch is not None else None)

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Self:
        """The event the branch waits for."""
        return cls(event=_awaited(branch) or "")

    @classmethod
    def allowed(cls, verdicts: Verdicts, branch: Branch | None = None) -> Verdict:
        """Whether the event the branch waits for can be sent to it."""
        if branch is not None and _awaited(branch) is None:
            return Refusal(f"{branch.id} waits for no event.")
        return super().allowed(verdicts, branch)


def _awaited(branch: Branch | None) -> str | None:
    """The event a branch waits for."""
    return branch.current.event if branch is not None and branch.current is not None else None
