"""The details of the selected run: its branches, and one of the other panes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.commands.recommended import recommended_acts
from console.panes import registry
from console.panes.base import Pane, Showing, branch_of
from console.panes.branches import BranchesPane, Tree
from console.screens.runs.pane_box import PaneBox
from console.theme import text_of
from console.widgets.rows import Rows

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Branch


class DetailArea(Horizontal):
    """Keeps which branch is chosen, what is folded, how far the timeline is zoomed."""

    def __init__(self, desk: Desk, **how: Any) -> None:
        super().__init__(**how)
        self._desk = desk
        look = desk.options.look
        self.detail: RunDetail | None = None
        self.branch_id: str | None = None
        self.branch_chosen = False
        """Whether the operator chose the branch; else it is the one that matters most."""
        self.folded: frozenset[str] = frozenset()
        self.zoom, self.pan = 1.0, 0.0
        self.searched = ""
        self.branches = PaneBox(look, [BranchesPane()], id="branch-box")
        self.branches.rows.head = BranchesPane.head
        self.box = PaneBox(look, registry.panes(), id="detail-box")

    def compose(self) -> ComposeResult:
        """Side by side."""
        yield self.branches
        yield self.box

    @property
    def pane(self) -> Pane:
        """The pane beside the branches."""
        return self.box.pane

    @property
    def focused_box(self) -> PaneBox | None:
        """The box with the focus."""
        return next((b for b in (self.box, self.branches) if b.rows.has_focus), None)

    def branch(self) -> Branch | None:
        """The chosen branch, else the one that matters most."""
        if self.detail is None:
            return None
        return self.detail.branch(self.branch_id) or branch_of(self.detail, self._frame(80))

    def _frame(self, width: int) -> Showing:
        desk = self._desk
        return Showing(
            desk.options.look,
            width,
            desk.options.now(),
            desk.modes.zone,
            read_only=desk.options.read_only,
            keys=desk.keymap,
            recommend=recommended_acts,
        )

    def showing(self, width: int) -> Showing:
        """How panes are shown."""
        from dataclasses import replace

        return replace(self._frame(width), branch_id=self.branch_id, folded=self.folded, zoom=self.zoom, pan=self.pan)

    def take(self, detail: RunDetail | None, extra: dict[str, Any]) -> None:
        """Show a run as it is now."""
        if detail and self.detail and detail.run.id != self.detail.run.id:
            self.branch_id, self.branch_chosen, self.zoom, self.pan = None, False, 1.0, 0.0
            self.folded = frozenset()
            self.box.extra.clear()
        self.detail = detail
        self.box.extra.update(extra)
        self.draw()

    def draw(self) -> None:
        """Draw both boxes."""
        at = None
        if self.detail is not None and not (self.branch_chosen and self.detail.branch(self.branch_id)):
            worst = branch_of(self.detail, self.showing(80))
            at = self.branch_id = worst.id if worst else None
        for box in (self.branches, self.box):
            if box.display:
                box.show(self.detail, self.showing(box.size.width or 80), at=at)

    def tick(self) -> None:
        """Draw times anew."""
        if self.detail is None:
            return
        for box in (self.branches, self.box):
            if box.display and box.pane.live:
                box.showing = self.showing(box.size.width or 80)
                source = box.rows.source
                if isinstance(source, Tree):
                    source.showing = box.showing
                    box.rows.redraw_changed()
                else:
                    box.redraw()

    def choose(self, rows: Rows) -> bool:
        """A branch was chosen in these rows; False if they are no branches."""
        box = next((b for b in (self.branches, self.box) if b.rows is rows), None)
        if box is None or not box.pane.cursor:
            return False
        self.branch_id, self.branch_chosen = rows.key, True
        if box is self.branches:
            self.box.show(self.detail, self.showing(self.box.size.width))
        return True

    def go_to_branch(self, branch_id: str) -> None:
        """Put the cursor on a branch."""
        self.branch_id, self.branch_chosen = branch_id, True
        place = self.branches.rows.index_of(branch_id) if self.branches.display else None
        if place is not None:
            self.branches.rows.go(place)

    def fold(self, branch_id: str) -> bool:
        """Fold or unfold what a branch forked into; False if it has not forked."""
        known = self.detail.branches.values() if self.detail else ()
        if not any(b.parent == branch_id for b in known):
            return False
        self.folded = self.folded ^ {branch_id}
        self.draw()
        return True

    def step(self, by: int) -> None:
        """The next pane; the branches are left out where they stand beside it."""
        pane = self.box.step(by)
        if self.branches.display and pane.id == "branches":
            self.box.step(by)

    def zoom_pan(self, zoom: float, pan: float) -> None:
        """Magnify or move the timeline and the graph."""
        self.zoom = min(64.0, max(1.0, self.zoom * zoom))
        self.pan = 0.0 if self.zoom == 1.0 and self.pane.id == "timeline" else max(0.0, self.pan + pan)
        self.draw()

    def find(self, text: str, by: int = 1) -> bool:
        """Bring the next line with a text to the top; False if there is none."""
        self.searched = text.lower()
        rows = self.box.rows
        count, top = len(rows.source), rows.scroll_offset.y
        for step in range(1, count + 1):
            index = (top + by * step) % count
            if self.searched in text_of(rows.source.line(index, 4_000, selected=False)).lower():
                rows.scroll_to(y=index, animate=False, force=True, immediate=True)
                return True
        return False

    def to_end(self) -> None:
        """The last lines, for those who follow."""
        rows = self.box.rows
        if not rows.with_cursor:
            rows.go(len(rows.source))
