"""A pane with its title: one of the panes of details, shown for the selected run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Vertical

from console.panes.base import Pane, Showing
from console.panes.branches import BranchesPane
from console.theme import Line, Look, crop, fit, width_of
from console.widgets.bar import Bar
from console.widgets.rows import Lines, Rows

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail


class PaneBox(Vertical):
    """Shows one of several panes; draws it anew when details, time or size change."""

    def __init__(self, look: Look, panes: Sequence[Pane], **how: Any) -> None:
        super().__init__(**how)
        self.look = look
        self.panes = list(panes)
        self.pane = self.panes[0]
        self.detail: RunDetail | None = None
        self.extra: dict[str, Any] = {}
        """What panes read besides the details, by pane."""
        self.showing: Showing | None = None
        self.beside_branches = False
        """Whether the branches stand beside this box, so that its title leaves them out."""
        self.title = Bar(look, self._title, classes="title")
        self.rows = Rows(look, cursor=self.pane.cursor)

    def compose(self) -> ComposeResult:
        """Title, then rows."""
        yield self.title
        yield self.rows

    def choose(self, pane_id: str) -> bool:
        """Show the pane with this id; False if this box has none of that name."""
        found = next((p for p in self.panes if p.id == pane_id), None)
        if found is None:
            return False
        if found is not self.pane:
            self.pane = found
            self.rows.with_cursor = found.cursor
            self.rows.head = BranchesPane.head if isinstance(found, BranchesPane) else None
            self.rows.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.redraw()
        return True

    def step(self, by: int) -> Pane:
        """Go to the next or the pane before."""
        place = (self.panes.index(self.pane) + by) % len(self.panes)
        self.choose(self.panes[place].id)
        return self.pane

    def show(self, detail: RunDetail | None, showing: Showing, *, at: Any = None) -> None:
        """Show another run, or the same one as it is now."""
        other = detail is None or self.detail is None or detail.run.id != self.detail.run.id
        self.detail, self.showing = detail, showing
        if other:
            self.extra.clear()
            if not self.rows.with_cursor:
                self.rows.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.redraw(at=at)

    def redraw(self, *, at: Any = None) -> None:
        """Draw the rows from what is known."""
        if self.showing is None:
            return
        if self.detail is None:
            self.rows.show(Lines([(("No run is selected.", "dim"),)]))
        else:
            source = self.pane.lines(self.detail, self.showing, self.extra.get(self.pane.id))
            old = self.rows.source
            stays = at is None or not self.rows.with_cursor or at == self.rows.key
            if type(old) is type(source) and len(old) == len(source) and old.keys == source.keys and stays:
                # The same rows: only those that are drawn otherwise are painted.
                self.rows.source = source
                self.rows.redraw_changed()
            else:
                self.rows.show(source, at=at)
        self.title.update_lines()

    def on_resize(self) -> None:
        """Lines are wrapped for the width."""
        self.redraw()

    def _title(self, width: int) -> list[Line]:
        panes = [p for p in self.panes if p is self.pane or not self.beside_branches or p.id != "branches"]
        names = [p.title for p in panes]
        line: list[tuple[str, str]] = [(self.look.lines["h"] * 2 + " ", "dim")]
        about = ""
        if len(names) == 1 and self.detail is not None:
            counts = ", ".join(
                f"{n} {s.replace('awaiting_retry', 'to retry')}" for s, n in self.detail.run.branch_counts.items()
            )
            about = f" of {self.detail.run.id}: {counts}"
        for pane in panes:
            chosen = pane is self.pane
            text = pane.title + about
            line.append(((f"[{text}]" if chosen and len(names) > 1 else text), "bold" if chosen else ""))
            line.append((" ", ""))
        rest = width - width_of(line)
        if rest < 0 and len(names) > 1:
            place = f"{self.panes.index(self.pane) + 1} of {len(names)}"
            short = f"{self.look.lines['h'] * 2} [{self.pane.title}] {place}, [ and ] "
            return [((fit(short, min(len(short), width)), "bold"), (self.look.rule(width - len(short)), "dim"))]
        return [crop((*line, (self.look.rule(rest), "dim")), width)]
