"""Why a run is not done: the join's arithmetic, each open branch, holds, the scheduler, what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.here import Here
from console.panes.base import Pane, Showing, branch_of
from console.theme import Line, wrapped
from console.widgets.rows import Lines
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail


class WhyPane(Pane):
    """The sentences of `forkjoin why`, the last one with the keys of this console."""

    id = "why"
    title = "Why"
    live = True

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """One sentence after the other, wrapped."""
        lines: list[Line] = []
        for sentence in told_sentences(detail):
            lines += wrapped(clean(sentence, 2_000), showing.width - 1, "   ")
        return Lines([*lines, *you_can(detail, showing)])


def told_sentences(detail: RunDetail) -> list[str]:
    """All but what can be done: the console names keys, not commands of a shell."""
    return list(detail.why.reasons)


def you_can(detail: RunDetail, showing: Showing) -> list[Line]:
    """What can be done now: keys, or in a read-only session the commands."""
    if showing.read_only:
        if not detail.why.can:
            return []
        shell = f"Read-only. From a shell: {'; '.join(detail.why.can)}"
        return list(wrapped(clean(shell, 2_000), showing.width - 1, "   "))
    keys = showing.keys
    here = Here(run=detail.run, branch=branch_of(detail, showing), detail=detail, keys=keys)
    shown = [f"{keys.shown(command_id)} {clean(text, 120)}" for command_id, text in showing.recommend(here)[:4]]
    if not shown:
        return []
    shown.append(keys.fill("{actions} all actions"))
    return list(wrapped("You can: " + "   ".join(shown), showing.width - 1, "   "))
