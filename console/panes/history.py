"""What happened to the run, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing
from console.theme import Line, fit
from console.times import Zone, clock_time, moment
from console.widgets.rows import Lines
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import HistoryEntry


FIRST = "created"
"""Kind of the entry every history begins with."""


class HistoryPane(Pane):
    """Ten thousand entries are drawn where they are looked at."""

    id = "history"
    title = "History"

    def read(self, runtime: Runtime, run_id: str, branch_id: str | None) -> list[HistoryEntry]:
        """The entries."""
        return runtime.queries.records.history(run_id)

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """One line an entry."""
        if extra is None:
            return Lines([(("reading the history", "dim"),)])
        return Entries(extra, detail, showing)


class Entries(Lines):
    """Lines made when they are drawn."""

    def __init__(self, entries: list[HistoryEntry], detail: RunDetail, showing: Showing) -> None:
        super().__init__([], None)
        self.entries = entries
        self.detail = detail
        self.showing = showing
        self.tail = bool(entries) and entries[0].kind != FIRST
        """Whether older entries were given up."""

    def __len__(self) -> int:
        return max(1, len(self.entries) + self.tail)

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        """Moment, kind, branch, what happened."""
        if not self.entries:
            return (("Nothing has happened yet.", "dim"),)
        if self.tail and index == 0:
            return ((f"The newest {len(self.entries):,} entries; older ones are not kept.", "bold"),)
        entry, showing = self.entries[index - self.tail], self.showing
        at = (
            clock_time(entry.at, showing.zone)
            if showing.zone is not Zone.RELATIVE
            else moment(entry.at, showing.now, showing.zone)
        )
        branch = self.detail.branch(entry.branch)
        name = self.detail.name(branch) if branch else ""
        head = f"{at:>9}  {fit(clean(entry.kind, 40), 16)} {fit(clean(name, 60), 20 if width > 70 else 10)} "
        return ((head, "dim"), (fit(clean(entry.message, 1_000), max(10, width - len(head))), ""))
