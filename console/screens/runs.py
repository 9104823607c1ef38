"""Runs: the list with attention first, and the details of the selected run."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.commands.base import Here
from console.panes import branches, registry, why
from console.panes.base import Showing
from console.screens.base import View
from console.screens.run_source import RunSource
from console.theme import Line, crop, plain
from console.widgets.bar import Bar
from console.widgets.pane_box import PaneBox
from console.widgets.rows import Rows
from runtime.operations.run_detail import RunDetail, read_detail
from runtime.operations.run_window import Order, read_order, read_rows

if TYPE_CHECKING:
    from runtime.assembly import Runtime
    from runtime.operations.records import Run

SORTS = ("attention", "updated_at", "created_at", "next_wake_at", "id")
SORT_WORDS = {
    "attention": "attention first",
    "updated_at": "last changed first",
    "created_at": "newest first",
    "next_wake_at": "next wake first",
    "id": "by id",
}


class RunsView(View):
    """Screen 1."""

    number = 1
    name_id = "runs"
    title = "Runs"
    short = "Runs"

    def __init__(self, look: Any, **how: Any) -> None:
        super().__init__(**how)
        self.look = look
        self.where = ""
        self.sort = "attention"
        self.problems_only = False
        self.detail: RunDetail | None = None
        self.branch_id: str | None = None
        self.branch_chosen = False
        """Whether the operator chose the branch; else it is the one that matters most."""
        self.showing_page = False
        self.enlarged = False
        self.all_marked = False
        self.new_rows = 0
        self.folded: frozenset[str] = frozenset()
        self.zoom, self.pan = 1.0, 0.0
        self.reading: tuple[int, int] | None = None
        self._wanted: set[int] = set()
        self._select: str | None = None
        self.last_mark = 0
        self.why_lines = 5

    def compose(self) -> ComposeResult:
        """List, info, details."""
        app = self.console_app
        self.source = RunSource(self.look, app.now, self._want)
        self.list = Rows(self.look, head=lambda width: self.source.head(width), id="run-list")
        self.list.source = self.source
        self.info = Bar(self.look, self._info, id="run-info")
        self.why_bar = Bar(self.look, self._why, id="run-why")
        self.branches = PaneBox(self.look, [branches.BranchesPane()], id="branch-box")
        self.branches.rows.head = branches.BranchesPane.head
        self.box = PaneBox(self.look, registry.panes(), id="detail-box")
        yield self.list
        yield self.info
        yield self.why_bar
        with Horizontal(id="details"):
            yield self.branches
            yield self.box

    @property
    def rows(self) -> Rows:
        """The list, or on a page of details its pane."""
        return self.list

    @property
    def run(self) -> Run | None:
        """The run under the cursor."""
        return self.source.run_at(self.list.cursor)

    def here(self) -> Here:
        """The run under the cursor, the chosen branch and the marks."""
        run = self.run
        detail = self.detail if self.detail and run and self.detail.run.id == run.id else None
        branch = None
        if detail is not None:
            branch = detail.branch(self.branch_id)
            if branch is None:
                from console.panes.base import branch_of

                branch = branch_of(detail, self.showing())
        marks = tuple(sorted(self.source.marks))
        where = self._where() if self.all_marked else ""
        return Here("runs", run, branch, detail, marks, where, None, self.console_app.read_only)

    def showing(self, width: int = 80) -> Showing:
        """How panes are shown."""
        app = self.console_app
        return Showing(
            self.look, width, app.now(), app.zone, self.branch_id, self.folded, self.zoom, self.pan, app.read_only
        )

    # Reading

    def _where(self) -> str:
        return " ".join(part for part in (self.where, "is:attention" if self.problems_only else "") if part)

    def opened(self) -> None:
        """Read the order if there is none yet."""
        if not len(self.source):
            self.reorder()
        else:
            self.changed()

    def reorder(self, *, select: str | None = None) -> None:
        """Read the order anew; the cursor stays with its run, or goes to `select`."""
        where, sort, feed = self._where(), self.sort, self.console_app.feed
        self._select = select or (self.run.id if self.run else None)
        wanted = feed.serial("order") + 1

        def told(done: int, total: int) -> bool:
            self.reading = (done, total)
            return feed.serial("order") == wanted

        def work(runtime: Runtime) -> tuple[Order, list[Run | None], int | None]:
            order = read_order(runtime.store, runtime.clock, where, sort, progress=told)
            at = runtime.store.numbers([self._select]).get(self._select) if self._select else None
            return order, read_rows(runtime.store, order.numbers[:100]), at

        feed.read("order", work, self._take_order, self.console_app.trouble, slow=bool(where))

    def _take_order(self, answer: tuple[Order, list[Run | None], int | None]) -> None:
        order, first, at = answer
        fresh = not len(self.source)
        self.reading = None
        self.new_rows = 0
        self.source.take_order(order)
        self.source.take_rows(order.numbers[:100], first)
        self._wanted.clear()
        self.list.show(self.source, at=at, keep=not fresh)
        self.info.update_lines()
        self.read_window()
        self.read_detail()
        self.console_app.update_tabs()

    def _want(self, index: int, count: int) -> None:
        if index not in self._wanted:
            self._wanted.add(index)
            self.call_later(self.read_window)

    def read_window(self) -> None:
        """Read the rows in sight and a page around them."""
        page = self.list.page
        numbers = self.source.numbers(self.list.scroll_offset.y - page, 3 * page)

        def work(runtime: Runtime) -> tuple[array[int], list[Run | None]]:
            return numbers, read_rows(runtime.store, numbers)

        self.console_app.feed.read("window", work, self._take_rows, self.console_app.trouble)

    def _take_rows(self, answer: tuple[array[int], list[Run | None]]) -> None:
        before = self.run
        self.source.take_rows(*answer)
        self._wanted.clear()
        self.list.redraw_changed()
        if before is None and self.run is not None:
            self.read_detail()

    def changed(self) -> None:
        """Rows in sight and the selected run are read again; new runs are only counted."""
        self.read_window()
        self.read_detail()
        known, where = self.source.order.total, self._where()

        def work(runtime: Runtime) -> int:
            return runtime.store.count() - known

        def take(grown: int) -> None:
            self.new_rows = max(0, grown)
            if not len(self.source) and grown and not where:
                self.reorder()
            self.info.update_lines()

        self.console_app.feed.read("grown", work, take, self.console_app.trouble)

    def read_detail(self) -> None:
        """Read the selected run."""
        run = self.run
        if run is None:
            self._take_detail((None, {}))
            return
        run_id, pane, branch_id = run.id, self.box.pane, self.branch_id

        def work(runtime: Runtime) -> tuple[RunDetail | None, dict[str, Any]]:
            detail = read_detail(runtime.queries, run_id)
            extra = pane.read(runtime, run_id, branch_id)
            return detail, {pane.id: extra}

        self.console_app.feed.read("detail", work, self._take_detail, self._no_detail)

    def _no_detail(self, problem: Exception) -> None:
        self._take_detail((None, {}))
        self.console_app.trouble(problem)

    def _take_detail(self, answer: tuple[RunDetail | None, dict[str, Any]]) -> None:
        detail, extra = answer
        if detail and self.detail and detail.run.id != self.detail.run.id:
            self.branch_id, self.zoom, self.pan = None, 1.0, 0.0
            self.branch_chosen = False
            self.folded = frozenset()
        self.detail = detail
        self.box.extra.update(extra)
        self._show_detail(extra)

    def _show_detail(self, extra: dict[str, Any] | None = None) -> None:
        from console.panes.base import branch_of

        at = None
        if self.detail is not None and not (self.branch_chosen and self.detail.branch(self.branch_id)):
            self.branch_id = None
            worst = branch_of(self.detail, self.showing())
            at = self.branch_id = worst.id if worst else None
        for box in (self.branches, self.box):
            if box.display:
                box.show(self.detail, self.showing(box.size.width or 80), at=at)
                if extra:
                    box.extra.update(extra)
        if extra:
            self.box.redraw()
        self.why_bar.update_lines()
        self.console_app.update_footer()

    def tick(self) -> None:
        """Draw times anew."""
        self.list.redraw_changed()
        if self.detail is not None:
            for box in (self.branches, self.box):
                if box.display and box.pane.live:
                    box.showing = self.showing(box.size.width or 80)
                    if box.pane.cursor:
                        box.rows.source.showing = box.showing  # type: ignore[attr-defined]
                        box.rows.redraw_changed()
                    else:
                        box.redraw()

    # What the keys do

    def chosen(self, rows: Rows) -> None:
        """Another run: read it. Another branch: show it."""
        if rows is self.list:
            self.read_detail()
        elif rows is self.branches.rows or (rows is self.box.rows and self.box.pane.cursor):
            self.branch_id, self.branch_chosen = rows.key, True
            if rows is self.branches.rows:
                self.box.show(self.detail, self.showing(self.box.size.width))
                if self.box.pane.id in ("logs", "polls"):
                    self.read_detail()
        self.console_app.update_footer()

    def entered(self, rows: Rows) -> None:
        """Go into the details of a run, fold a branch, or look at its failure."""
        if rows is self.list:
            self.open_page(self.box.pane.id if not self.has_class("wide") else None)
        elif rows.with_cursor and rows.key is not None:
            folds = any(b.parent == rows.key for b in (self.detail.branches.values() if self.detail else ()))
            if folds:
                self.folded = self.folded ^ {rows.key}
                self._show_detail()
            else:
                self.open_page("failure")

    def open_page(self, pane_id: str | None = None) -> None:
        """Show a pane of details; in a narrow terminal in place of the list."""
        self.showing_page = self.has_class("narrow")
        self._arrange()
        if pane_id is None or (pane_id == "branches" and self.has_class("wide")):
            self.branches.rows.focus()
        else:
            self.box.choose(pane_id)
            self.box.rows.focus()
        self._show_detail()
        self.read_detail()

    def step_pane(self, by: int) -> None:
        """The next pane, or the one before."""
        if self.has_class("narrow") and not self.showing_page:
            self.open_page(self.box.pane.id)
            return
        pane = self.box.step(by)
        if self.has_class("wide") and pane.id == "branches":
            self.box.step(by)
        self.read_detail()

    def back(self) -> bool:
        """From details to the list; from a filter to all runs; marks are dropped."""
        if self.enlarged:
            self.enlarged = False
            self._arrange()
            return True
        if self.showing_page or not self.list.has_focus:
            self.showing_page = False
            self._arrange()
            self.list.focus()
            return True
        if self.source.marks:
            self.source.marks.clear()
            self.all_marked = False
            self.list.redraw_changed()
            self.info.update_lines()
            return True
        if self.where or self.problems_only:
            self.where, self.problems_only = "", False
            self.reorder()
            return True
        return False

    def shape(self, width: int, height: int) -> None:
        """Arrange panes for a size."""
        super().shape(width, height)
        if width > 90:
            self.showing_page = False
        if self.has_class("wide") and self.box.pane.id == "branches":
            self.box.choose("why")
        self.why_lines = 0 if height < 12 else 1 if height < 20 else 5
        self._arrange()

    def _arrange(self) -> None:
        narrow, wide = self.has_class("narrow"), self.has_class("wide")
        inside = self.box.rows.has_focus or self.branches.rows.has_focus
        self.list.display = not self.showing_page and not (self.enlarged and inside)
        details = (not narrow or self.showing_page) and not (self.enlarged and not inside)
        self.query_one("#details").display = details
        self.branches.display = wide and not (self.enlarged and self.box.rows.has_focus)
        self.box.display = not (wide and self.enlarged and self.branches.rows.has_focus)
        self.why_bar.display = narrow and not self.showing_page
        self.info.display = not self.showing_page
        self.call_after_refresh(self._show_detail)

    def filter_by(self, text: str) -> None:
        """Show the runs that match; a filter that cannot be read says why and changes nothing."""
        from runtime.errors import InvalidInput
        from runtime.operations.filters import parse

        try:
            parse(text)
        except InvalidInput as problem:
            self.console_app.say(problem.message, trouble=True)
            return
        self.where = text.strip()
        self.all_marked = False
        self.reorder()

    def choose_branch(self, branch_id: str) -> None:
        """Put the cursor of the branches on one."""
        self.branch_id, self.branch_chosen = branch_id, True
        place = self.branches.rows.index_of(branch_id) if self.branches.display else None
        if place is not None:
            self.branches.rows.go(place)

    def to_problem(self, by: int) -> None:
        """To the next run in the list that needs attention, among those read."""
        index = self.list.cursor + by
        while 0 <= index < len(self.source):
            run = self.source.run_at(index)
            if run is None:
                break
            if run.attention < 8:
                self.list.go(index)
                return
            index += by
        self.console_app.say("No more runs that need attention in this direction.")

    def mark(self) -> None:
        """Mark or unmark the run under the cursor, and go on."""
        run = self.run
        if run is not None:
            self.source.marks ^= {run.id}
            self.all_marked = False
            self.last_mark = self.list.cursor
            self.list.redraw_changed()
            self.list.move(1)
            self.info.update_lines()

    def mark_range(self) -> None:
        """Mark from the last mark to the cursor."""
        first, last = sorted((self.last_mark, self.list.cursor))
        numbers = self.source.numbers(first, last - first + 1)
        self._mark(numbers)

    def mark_all(self) -> None:
        """Mark every run that matches, or take all marks away."""
        if self.source.marks:
            self.source.marks.clear()
            self.all_marked = False
            self.list.redraw_changed()
            self.info.update_lines()
        else:
            self.all_marked = bool(self._where())
            self._mark(self.source.order.numbers)

    def _mark(self, numbers: array[int]) -> None:
        def work(runtime: Runtime) -> set[str]:
            return {run.id for run in read_rows(runtime.store, numbers) if run is not None}

        def take(ids: set[str]) -> None:
            self.source.marks |= ids
            self.list.redraw_changed()
            self.info.update_lines()

        self.console_app.feed.read("marks", work, take, self.console_app.trouble, slow=True)

    def enlarge(self, *, enlarged: bool) -> None:
        """Give the pane with the focus the whole screen, or all panes their room."""
        self.enlarged = enlarged
        self._arrange()

    def zoom_pan(self, zoom: float, pan: float) -> None:
        """Magnify or move the timeline and the graph."""
        self.zoom = min(64.0, max(1.0, self.zoom * zoom))
        self.pan = 0.0 if self.zoom == 1.0 and self.box.pane.id == "timeline" else self.pan + pan
        self._show_detail()

    # What stands around the list

    def count(self) -> str:
        """Nothing: the info line counts."""
        return ""

    def _info(self, width: int) -> list[Line]:
        order = self.source.order
        if self.reading is not None:
            done, total = self.reading
            return [plain(f" reading runs, {done:,} of {total:,}")]
        if not order.total and not self._where():
            return [
                plain(
                    " No runs yet.  5 Workflows: choose one and start a run.  forkjoin demo makes a store to look at."
                )
            ]
        where = self._where()
        if where and not len(order.numbers):
            return [plain(f" No run matches {where}; {order.total:,} without the filter. esc clears it.")]
        found = f"{len(order.numbers):,} of {order.total:,} runs" if where else f"{order.total:,} runs"
        text = f" {found}, {SORT_WORDS[self.sort]}, " + (f"filter {where}" if where else "no filter")
        if self.source.marks:
            text += f"   {len(self.source.marks):,} marked"
        if self.new_rows:
            text += f"   {self.new_rows:,} new: . shows them"
        return [crop(plain(text), width)]

    def _why(self, width: int) -> list[Line]:
        if self.detail is None or not self.why_lines:
            return []
        showing = replace(self.showing(width), look=self.look)
        run = self.detail.run
        head = f" Why {run.id} {run.workflow} "
        title: Line = ((head, "bold"), (self.look.rule(width - len(head)), "dim"))
        source = why.WhyPane().lines(self.detail, showing)
        lines = [source.lines[i] for i in range(len(source))]
        if self.why_lines == 1:
            return [((" ", ""), *lines[1 if len(lines) > 1 else 0])]
        told = lines[1 : self.why_lines - 1] + lines[-1:] if len(lines) > self.why_lines else lines
        return [title, *(((" ", ""), *line) for line in told)]
