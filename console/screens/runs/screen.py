"""Runs: the list with attention first, and the details of the selected run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult

from console import screen_names
from console.commands.recommended import recommended_acts
from console.feed import Brings
from console.here import Here
from console.panes.base import Showing
from console.screens.base import NumberedScreen
from console.screens.runs.detail_area import DetailArea
from console.screens.runs.lines import SORT_WORDS, info_lines, why_lines
from console.screens.runs.marks import Mark
from console.screens.runs.reading import Reading
from console.screens.runs.source import RunSource
from console.widgets.bar import Bar
from console.widgets.rows import Rows

if TYPE_CHECKING:
    from console.desk import Desk
    from console.saved_views import SavedView
    from runtime.operations.records import Run

SORTS = ("attention", "updated_at", "created_at", "next_wake_at", "id")
QUIET_SECONDS = 5.0
"""After so long without a key the list puts itself in order: nobody is about to press one."""


class RunsView(NumberedScreen):
    """Screen 1."""

    screen_name = screen_names.RUNS

    def __init__(self, desk: Desk, **how: Any) -> None:
        super().__init__(desk, **how)
        self.sort = "attention"
        self.where = ""
        self.problems_only = False
        self.only: tuple[tuple[str, ...], str] = ((), "")
        """Just these runs, and what they have in common."""
        self.showing_page = False
        self.enlarged = False
        self.why_lines = 5
        self.key_at: datetime | None = None

    def compose(self) -> ComposeResult:
        """List, info, why, details."""
        desk = self.desk
        self.source = RunSource(
            self.look, desk.options.now, lambda: desk.modes.zone, lambda index: self.reading.want(index)
        )
        self.reading = Reading(self)
        self.list = Rows(self.look, head=lambda width: self.source.head(width), id="run-list")
        self.list.source = self.source
        self.info = Bar(self.look, lambda width: info_lines(self, width), id="run-info")
        self.why_bar = Bar(self.look, lambda width: why_lines(self, width), id="run-why")
        self.area = DetailArea(self.look, self._frame, id="details")
        yield self.list
        yield self.info
        yield self.why_bar
        yield self.area

    @property
    def rows(self) -> Rows:
        """The list, or on a page of details its pane."""
        return self.area.box.rows if self.showing_page else self.list

    @property
    def run(self) -> Run | None:
        """The run under the cursor."""
        return self.source.run_at(self.list.cursor)

    @property
    def whole_filter(self) -> str:
        """The filter as it is typed, and problems only."""
        return " ".join(part for part in (self.where, "is:attention" if self.problems_only else "") if part)

    def here(self) -> Here:
        """The run under the cursor, the chosen branch and the marks."""
        run, detail, marks = self.run, self.area.detail, self.source.marks
        if detail is None or run is None or detail.run.id != run.id:
            detail = None
        branch = self.area.branch() if detail is not None else None
        told = marks.told(self.source.order) if marks else ""
        return Here(
            "runs",
            run,
            branch,
            detail,
            marks.ids,
            marks.where,
            read_only=self.desk.options.read_only,
            keys=self.desk.keymap,
            marked=told,
        )

    def _frame(self, width: int) -> Showing:
        desk = self.desk
        return Showing(
            self.look,
            width,
            desk.options.now(),
            desk.modes.zone,
            read_only=desk.options.read_only,
            keys=desk.keymap,
            recommend=recommended_acts,
        )

    # What the app tells

    def opened(self) -> None:
        """Read the order if there is none yet."""
        if len(self.source):
            self.changed()
        else:
            self.reorder()

    def reads(self) -> bool:
        """Whether the run under the cursor, or its details, are still to be read; asks for them if nobody has."""
        return self.reading.lacks()

    def reads_pane(self) -> bool:
        """In a pane: whether it shows the details of another run still."""
        return self.area.focused_box is not None and self.reads()

    def changed(self) -> None:
        """Read what is in sight again; new runs are counted, or shown if nobody is at the keys."""
        now = self.desk.options.now()
        touched = self.key_at is not None and (now - self.key_at).total_seconds() < QUIET_SECONDS
        if touched or (now - self.reading.ordered_at).total_seconds() < QUIET_SECONDS:
            self.reading.window()
            self.reading.detail()
            self.reading.grown()
        else:
            self.reading.order()

    def reorder(self, *, select: str | None = None) -> None:
        """Put the list in order, for a key; the cursor stays with its run, or goes to `select`."""
        self.reading.order(select=select, brings=Brings.ROWS)

    def touched(self) -> None:
        """A key was pressed: rows stay where they are for a while, even if another order is on its way."""
        self.key_at = self.desk.options.now()
        self.reading.keep_order()

    def tick(self) -> None:
        """Draw times anew."""
        self.list.redraw_changed()
        self.area.tick()
        self.reading.logs_again()

    def chosen(self, rows: Rows) -> None:
        """Another run: read it. Another branch: show it."""
        if rows is self.list or (self.area.choose(rows) and self.area.pane.id in ("logs", "polls")):
            self.reading.detail()
        self.desk.update_frame("footer")

    def entered(self, rows: Rows) -> None:
        """Go into the details of a run, fold a branch, or look at its failure."""
        if rows is self.list:
            self.open_page(None if self.has_class("wide") else self.area.pane.id)
        elif rows.with_cursor and rows.key is not None and not self.area.fold(rows.key):
            self.open_page("failure")

    # What the keys do

    def open_page(self, pane_id: str | None = None) -> None:
        """Show a pane of details; in a narrow terminal in place of the list."""
        self.showing_page = self.has_class("narrow")
        if pane_id is not None and not (pane_id == "branches" and self.has_class("wide")):
            self.area.box.choose(pane_id)
            focus = self.area.box.rows
        else:
            focus = self.area.branches.rows
        self._arrange()
        self.screen.set_focus(focus)
        self.reading.detail()

    def step_pane(self, by: int) -> None:
        """The next pane, or the one before."""
        if self.has_class("narrow") and not self.showing_page:
            self.open_page(self.area.pane.id)
            return
        self.area.step(by)
        self.reading.detail()

    def back(self) -> bool:
        """From details to the list; then marks are dropped; then the filter."""
        marks = self.source.marks
        if self.enlarged:
            self.enlarge(enlarged=False)
        elif self.showing_page or not self.list.has_focus:
            self.showing_page = False
            self._arrange()
            self.screen.set_focus(self.list)
        elif marks:
            marks.clear()
            self.redraw_list()
        elif self.whole_filter or self.only[0]:
            self.where, self.problems_only, self.only = "", False, ((), "")
            self.reorder()
        else:
            return False
        return True

    def filter_by(self, text: str) -> None:
        """Show the runs that match; a filter that cannot be read says why and changes nothing."""
        from runtime.errors import InvalidInput
        from runtime.operations.queries.filters import parse

        try:
            parse(text)
        except InvalidInput as problem:
            self.desk.say(problem.message, trouble=True)
            return
        self.where, self.only = text.strip(), ((), "")
        self.reorder()

    def find(self, text: str) -> None:
        """Find a text in the pane."""
        if not self.area.find(text):
            self.desk.say(f"{text} is not in this pane.")

    def show_only(self, ids: list[str], label: str) -> None:
        """Show just these runs."""
        self.where, self.problems_only = "", False
        self.only = (tuple(ids), label)
        self.reorder(select=ids[0] if ids else None)

    def to_problem(self, by: int) -> None:
        """To the next run in the list that needs attention, among those read; in a pane to the next found line."""
        if self.area.focused_box is self.area.box and self.area.searched:
            self.area.find(self.area.searched, by)
            return
        index = self.list.cursor + by
        while (run := self.source.run_at(index)) is not None:
            if run.attention < 8:
                self.list.go(index)
                return
            index += by
        self.desk.say("No more runs that need attention in this direction.")

    def mark(self) -> None:
        """Mark or unmark the run under the cursor, and go on."""
        if self.run is not None:
            self.source.marks.turn(Mark(self.source.key(self.list.cursor), self.run.id))
            self.list.move(1)
            self.redraw_list()

    def mark_range(self) -> None:
        """Mark from the last mark to the cursor."""
        begun = self.source.marks.last
        if begun is None:
            self.desk.say("V: no run was marked before; space marks one, V then all from it to here.", trouble=True)
            return
        place = self.source.index_of(begun.number)
        if place is None:
            text = f"V: {begun.run_id}, marked last, is not in this list; space marks one that is."
            self.desk.say(text, trouble=True)
            return
        first, last = sorted((place, self.list.cursor))
        self.reading.mark(self.source.numbers(first, last - first + 1))

    def mark_all(self) -> None:
        """Mark every run that matches, or take all marks away."""
        if self.source.marks:
            self.source.marks.clear()
            self.redraw_list()
        else:
            self.reading.mark(self.source.order.numbers, self.whole_filter)

    def redraw_list(self) -> None:
        """Draw what changed of the list and the line below it."""
        self.list.redraw_changed()
        self.info.update_lines()

    def enlarge(self, *, enlarged: bool) -> None:
        """Give the pane with the focus the whole screen, or all panes their room."""
        self.enlarged = enlarged
        self._arrange()

    # How it is arranged

    @property
    def pane_id(self) -> str:
        """Name of the pane that is shown."""
        return self.area.pane.id

    @property
    def in_pane(self) -> bool:
        """Whether the pane has the focus."""
        return self.area.focused_box is self.area.box

    @property
    def searched(self) -> str:
        """The text that was last searched for in the pane."""
        return self.area.searched

    @property
    def hidden_columns(self) -> frozenset[str]:
        """Names of the columns that are left out."""
        return self.source.hidden

    def turn_column(self, name: str) -> None:
        """Leave a column out, or show it again."""
        self.source.hide(self.source.hidden ^ {name})
        self.list.refresh()

    def turn_problems_only(self) -> None:
        """List only what needs attention, or all again."""
        self.problems_only = not self.problems_only
        self.reorder()

    def next_sort(self) -> str:
        """List in the next order; the order in words is returned."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.reorder()
        return SORT_WORDS[self.sort]

    def show_saved(self, saved: SavedView) -> None:
        """List by the filter and in the order of a saved view."""
        self.where, self.sort, self.problems_only = saved.where, saved.sort, False
        self.reorder()

    def show_new(self) -> None:
        """Put the list in order again, and ask for the logs again where they are shown."""
        self.reading.logs(again=True)
        self.reorder()

    def go_to_branch(self, branch_id: str) -> None:
        """Choose a branch."""
        self.area.go_to_branch(branch_id)

    def zoom_pan(self, zoom: float, pan: float) -> None:
        """Magnify the picture of the pane by a factor, and move it by so many widths."""
        self.area.zoom_pan(zoom, pan)

    def shape(self, width: int, height: int) -> None:
        """Arrange panes for a size."""
        super().shape(width, height)
        if not self.has_class("narrow"):
            self.showing_page = False
        if self.has_class("wide") and self.area.pane.id == "branches":
            self.area.box.choose("why")
        self.why_lines = 0 if height < 12 else 1 if height < 20 else 5
        self._arrange()

    def _arrange(self) -> None:
        narrow, wide, area = self.has_class("narrow"), self.has_class("wide"), self.area
        inside = area.focused_box
        self.list.display = not self.showing_page and not (self.enlarged and inside)
        area.display = (not narrow or self.showing_page) and not (self.enlarged and not inside)
        area.branches.display = wide and not (self.enlarged and inside is area.box)
        area.box.display = not (wide and self.enlarged and inside is area.branches)
        area.box.beside_branches = wide
        self.why_bar.display = narrow and not self.showing_page
        self.info.display = not self.showing_page
        self.call_after_refresh(area.draw)
