"""Runs: the list with attention first, and the details of the selected run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult

from console import screen_names
from console.here import Here
from console.screens.base import NumberedScreen
from console.screens.runs import presenter
from console.screens.runs.detail_area import DetailArea
from console.screens.runs.lines import SORT_WORDS, info_lines, why_lines
from console.screens.runs.marking import RunMarking
from console.screens.runs.presenter import Back, Read, Step
from console.screens.runs.reading import Reading
from console.screens.runs.source import RunSource
from console.screens.runs.state import RunsState
from console.widgets.bar import Bar
from console.widgets.rows import Rows

if TYPE_CHECKING:
    from console.desk import Desk
    from console.saved_views import SavedView
    from runtime.operations.records import Run


class RunsView(NumberedScreen):
    """Screen 1."""

    screen_name = screen_names.RUNS

    def __init__(self, desk: Desk, **how: Any) -> None:
        super().__init__(desk, **how)
        self.state = RunsState()

    def compose(self) -> ComposeResult:
        """List, info, why, details."""
        desk = self.desk
        self.source = RunSource(self.look, desk.options.now, lambda: desk.modes.zone, self._missed)
        self.reading = Reading(self)
        self.marking = RunMarking(self, self.reading)
        self.list = Rows(self.look, head=lambda width: self.source.head(width), id="run-list")
        self.list.source = self.source
        self.info = Bar(self.look, lambda width: info_lines(self, width), id="run-info")
        self.why_bar = Bar(self.look, lambda width: why_lines(self, width), id="run-why")
        self.area = DetailArea(desk, id="details")
        yield self.list
        yield self.info
        yield self.why_bar
        yield self.area

    @property
    def rows(self) -> Rows:
        """The list, or on a page of details its pane."""
        return self.area.box.rows if self.state.showing_page else self.list

    @property
    def run(self) -> Run | None:
        """The run under the cursor."""
        return self.source.run_at(self.list.cursor)

    @property
    def where(self) -> str:
        """The filter as it was typed."""
        return self.state.where

    def carry_out(self, reads: Iterable[Read], *, select: str | None = None) -> None:
        """Ask the feed for what is wanted; a new order puts the cursor on run `select`."""
        for read in reads:
            self.reading.carry_out(read, select=select)

    def _become(self, step: Step, *, select: str | None = None) -> None:
        self.state, reads = step
        self.carry_out(reads, select=select)

    def _missed(self, index: int) -> None:
        if self.reading.missed(index):
            self.call_later(self.carry_out, [Read.WINDOW])

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

    # What the app tells

    def opened(self) -> None:
        """Read the order if there is none yet."""
        self._become(presenter.opened(self.state, len(self.source), self.desk.options.now()))

    def reads(self) -> bool:
        """Whether the run under the cursor, or its details, are still to be read; asks for them if nobody has."""
        return self.reading.lacks()

    def reads_pane(self) -> bool:
        """In a pane: whether it shows the details of another run still."""
        return self.area.focused_box is not None and self.reads()

    def changed(self) -> None:
        """Read what is in sight again; new runs are counted, or shown if nobody is at the keys."""
        self._become(presenter.store_changed(self.state, self.desk.options.now()))

    def reorder(self, *, select: str | None = None) -> None:
        """Put the list in order, for a key; the cursor stays with its run, or goes to `select`."""
        self.carry_out([Read.ORDER_FOR_KEY], select=select)

    def touched(self) -> None:
        """A key was pressed: rows stay where they are for a while, even if another order is on its way."""
        self.reading.key_pressed()

    def tick(self) -> None:
        """Draw times anew."""
        self.list.redraw_changed()
        self.area.tick()
        self.reading.second_passed()

    def chosen(self, rows: Rows) -> None:
        """Another run: read it. Another branch: show it."""
        if rows is self.list or (self.area.choose(rows) and self.area.pane.id in ("logs", "polls")):
            self.carry_out([Read.DETAIL])
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
        self.state = presenter.page_opened(self.state, narrow=self.has_class("narrow"))
        if pane_id is not None and not (pane_id == "branches" and self.has_class("wide")):
            self.area.box.choose(pane_id)
            focus = self.area.box.rows
        else:
            focus = self.area.branches.rows
        self._arrange()
        self.screen.set_focus(focus)
        self.carry_out([Read.DETAIL])

    def step_pane(self, by: int) -> None:
        """The next pane, or the one before."""
        if self.has_class("narrow") and not self.state.showing_page:
            self.open_page(self.area.pane.id)
            return
        self.area.step(by)
        self.carry_out([Read.DETAIL])

    def back(self) -> bool:
        """From details to the list; then marks are dropped; then the filter."""
        marks = self.source.marks
        self.state, reads, left = presenter.back(self.state, in_list=self.list.has_focus, marks=bool(marks))
        if left in (Back.ENLARGED, Back.PAGE):
            self._arrange()
        if left is Back.PAGE:
            self.screen.set_focus(self.list)
        elif left is Back.MARKS:
            marks.clear()
            self.redraw_list()
        self.carry_out(reads)
        return left is not Back.NOTHING

    def filter_by(self, text: str) -> None:
        """Show the runs that match; a filter that cannot be read says why and changes nothing."""
        from runtime.errors import InvalidInput
        from runtime.operations.queries.filters import parse

        try:
            parse(text)
        except InvalidInput as problem:
            self.desk.say(problem.message, trouble=True)
            return
        self._become(presenter.filtered(self.state, text))

    def find(self, text: str) -> None:
        """Find a text in the pane."""
        if not self.area.find(text):
            self.desk.say(f"{text} is not in this pane.")

    def show_only(self, ids: list[str], label: str) -> None:
        """Show just these runs."""
        self._become(presenter.selected(self.state, tuple(ids), label), select=ids[0] if ids else None)

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

    def redraw_list(self) -> None:
        """Draw what changed of the list and the line below it."""
        self.list.redraw_changed()
        self.info.update_lines()

    def enlarge(self, *, enlarged: bool) -> None:
        """Give the pane with the focus the whole screen, or all panes their room."""
        self.state = presenter.enlarged(self.state, enlarged=enlarged)
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
        self._become(presenter.problems_turned(self.state))

    def next_sort(self) -> str:
        """List in the next order; the order in words is returned."""
        self._become(presenter.sort_turned(self.state))
        return SORT_WORDS[self.state.sort]

    def show_saved(self, saved: SavedView) -> None:
        """List by the filter and in the order of a saved view."""
        self._become(presenter.view_chosen(self.state, saved.where, saved.sort))

    def show_new(self) -> None:
        """Put the list in order again, and ask for the logs again where they are shown."""
        self.carry_out([Read.LOGS_AGAIN, Read.ORDER_FOR_KEY])

    def go_to_branch(self, branch_id: str) -> None:
        """Choose a branch."""
        self.area.go_to_branch(branch_id)

    def zoom_pan(self, zoom: float, pan: float) -> None:
        """Magnify the picture of the pane by a factor, and move it by so many widths."""
        self.area.zoom_pan(zoom, pan)

    def shape(self, width: int, height: int) -> None:
        """Arrange panes for a size."""
        super().shape(width, height)
        self.state = presenter.shaped(self.state, height, narrow=self.has_class("narrow"))
        if self.has_class("wide") and self.area.pane.id == "branches":
            self.area.box.choose("why")
        self._arrange()

    def _arrange(self) -> None:
        wide, area, inside = self.has_class("wide"), self.area, self.area.focused_box
        focused = None if inside is None else "branches" if inside is area.branches else "box"
        shown = presenter.arranged(self.state, narrow=self.has_class("narrow"), wide=wide, focused=focused)
        self.list.display = shown.list
        area.display = shown.area
        area.branches.display = shown.branches
        area.box.display = shown.box
        area.box.beside_branches = wide
        self.why_bar.display = shown.why
        self.info.display = shown.info
        self.call_after_refresh(area.draw)
