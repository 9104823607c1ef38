"""Poll: what is open outside is polled at once."""

from __future__ import annotations

from typing import ClassVar

from runtime.acts.base import BranchAct, OnScreen
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import poll_now
from runtime.model.branch import Branch


class Poll(BranchAct, frozen=True, kw_only=True):
    """Poll now."""

    verb: ClassVar[str] = "poll"
    bulk: ClassVar[bool] = True
    reaches_out: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Polls the selected branch, or every open one, now.",
        key="p",
        label="poll now",
        does="poll all open branches now",
        many="poll {many} now",
        screens=frozenset({"runs", "wakes"}),
    )

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Make polls, and starts that are not answered, due at once."""
        return poll_now(draft, branch.id if branch is not None else None)
