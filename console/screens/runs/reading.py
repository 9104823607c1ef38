"""What the Runs screen reads, through the feed: order, window, details, logs."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.feed import Brings
from runtime.operations.queries.run_detail import RunDetail, read_detail
from runtime.operations.queries.run_window import Order

if TYPE_CHECKING:
    from console.screens.runs.screen import RunsView
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Question, Run

FIRST = 100
LOGS_SECONDS = 5.0
"""How often logs that are followed are asked for again."""


class Reading:
    """Reads in threads, and gives the answers to the screen."""

    def __init__(self, view: RunsView) -> None:
        self._view = view
        self.under_way: tuple[int, int] | None = None
        """Runs looked through so far, and all there are, while a filter is being read."""
        self.new_rows = 0
        self.read_once = False
        self.ordered_at = datetime.min.replace(tzinfo=UTC)
        """When the order was read last."""
        self._wanted: set[int] = set()
        self._asked_of = self._detail_of = ""
        """The runs whose details were asked for, and were given, last."""
        self._question: Question | None = None
        self._asking: tuple[str, str] | None = None

    # The list

    def order(self, *, select: str | None = None, brings: Brings | None = None) -> None:
        """Read the order anew, for a key that waits for it or by itself."""
        view, feed = self._view, self._view.desk.feed
        where, sort, only = view.whole_filter, view.sort, view.only[0]
        chosen = select or (view.run.id if view.run and (view.list.cursor or view.key_at) else None)
        mine = feed.serial("order") + 1

        def told(done: int, total: int) -> bool:
            self.under_way = (done, total)
            return feed.serial("order") == mine

        def work(runtime: Runtime) -> tuple[Order, list[Run | None], int | None]:
            order = runtime.queries.lists.order(where, sort, only=only, progress=told)
            at = runtime.queries.lists.row_number(chosen) if chosen else None
            return order, runtime.queries.lists.rows(order.numbers[:FIRST]), at

        feed.read("order", work, self._take_order, self._no_order, slow=bool(where), brings=brings)

    def _no_order(self, problem: Exception) -> None:
        self.under_way = None
        self._view.desk.read_failed(problem)

    def _take_order(self, answer: tuple[Order, list[Run | None], int | None]) -> None:
        order, first, at = answer
        view = self._view
        self.under_way, self.new_rows, self.read_once = None, 0, True
        self.ordered_at = view.desk.options.now()
        same = order.numbers == view.source.order.numbers
        view.source.take_order(order)
        view.source.take_rows(order.numbers[:FIRST], first)
        self._wanted.clear()
        if same:
            view.list.redraw_changed()
        else:
            view.list.show(view.source, at=at, keep=at is not None)
        view.info.update_lines()
        self.window()
        self.detail()

    def keep_order(self) -> None:
        """A key was pressed: an order that nobody asked for comes too late."""
        feed = self._view.desk.feed
        if feed.pending("order") and not feed.brings(Brings.ROWS):
            feed.forget("order")
            self.under_way = None

    def lacks(self) -> bool:
        """Whether the run under the cursor or its details are not read yet; asks for what nobody has asked for."""
        view, feed = self._view, self._view.desk.feed
        if not len(view.source):
            return False
        if not view.source.known(view.list.cursor) and not feed.pending("window"):
            self.window()
        if feed.pending("window"):
            return True
        run = view.run
        if run is not None and run.id != self._detail_of and not feed.pending("detail"):
            self.detail()
        return run is not None and feed.pending("detail")

    def want(self, index: int) -> None:
        """A row is in sight that is not read yet."""
        if index not in self._wanted:
            self._wanted.add(index)
            if len(self._wanted) == 1:
                self._view.call_later(self.window)

    def window(self) -> None:
        """Read the rows in sight and a page around them."""
        view = self._view
        page = view.list.page
        top = max(0, view.list.scroll_offset.y - page)
        if not top <= view.list.cursor < top + 3 * page:
            top = max(0, view.list.cursor - page)
        numbers = view.source.numbers(top, 3 * page)

        def work(runtime: Runtime) -> tuple[array[int], list[Run | None]]:
            return numbers, runtime.queries.lists.rows(numbers)

        view.desk.feed.read("window", work, self._take_window, view.desk.read_failed)

    def _take_window(self, answer: tuple[array[int], list[Run | None]]) -> None:
        view = self._view
        known = view.run is not None
        view.source.take_rows(*answer)
        self._wanted.clear()
        view.list.redraw_changed()
        if not known and view.run is not None:
            self.detail()

    def grown(self) -> None:
        """Count runs that came since the order was read."""
        view = self._view
        known, where = view.source.order.total, view.whole_filter

        def take(count: int) -> None:
            self.new_rows = max(0, count - known)
            if not len(view.source) and self.new_rows and not where:
                self.order()
            view.info.update_lines()

        view.desk.feed.read("grown", lambda runtime: runtime.queries.records.count(), take, view.desk.read_failed)

    def mark(self, numbers: array[int], where: str = "") -> None:
        """Mark the runs with these row numbers."""
        view = self._view

        def work(runtime: Runtime) -> dict[str, int]:
            read = zip(numbers, runtime.queries.lists.rows(numbers), strict=True)
            return {run.id: number for number, run in read if run is not None}

        def take(marked: dict[str, int]) -> None:
            view.source.marks.add(marked, where)
            view.redraw_list()

        desk = view.desk
        desk.feed.read("marks", work, take, desk.read_failed, slow=True, brings=Brings.ROWS)

    # The selected run

    def detail(self) -> None:
        """Read the selected run, and what its pane needs besides."""
        view = self._view
        run = view.run
        self._asked_of = run.id if run else ""
        if run is None:
            view.desk.feed.forget("detail")
            self._take_detail((None, {}))
            return
        run_id, pane, branch_id = run.id, view.area.pane, view.area.branch_id

        def work(runtime: Runtime) -> tuple[RunDetail | None, dict[str, Any]]:
            detail = read_detail(runtime.queries, run_id)
            extra = pane.read(runtime, run_id, branch_id)
            return detail, {} if extra is None else {pane.id: extra}

        view.desk.feed.read("detail", work, self._take_detail, self._no_detail)

    def _no_detail(self, problem: Exception) -> None:
        self._take_detail((None, {}))
        self._view.desk.read_failed(problem)

    def _take_detail(self, answer: tuple[RunDetail | None, dict[str, Any]]) -> None:
        view = self._view
        self._detail_of = self._asked_of
        view.area.take(*answer)
        view.why_bar.update_lines()
        view.desk.update_frame("footer")
        if view.desk.modes.follow:
            view.area.to_end()
        self.logs()

    # Logs

    def logs(self, *, again: bool = False) -> None:
        """If the logs are shown, have the scheduler ask for those of the chosen branch, once."""
        view = self._view
        branch, detail, desk = view.area.branch(), view.area.detail, view.desk
        if (
            view.area.pane.id != "logs"
            or not view.area.box.display
            or branch is None
            or detail is None
            or desk.options.read_only
        ):
            return
        wanted = (detail.run.id, branch.id)
        if wanted == self._asking and not again:
            return
        self._asking = wanted
        run_id, branch_id = wanted
        desk.feed.rehearse(
            lambda runtime: runtime.asking.ask(run_id, branch_id, "logs"),
            self._take_question,
            self._no_logs,
            topic="logs",
        )

    def _no_logs(self, problem: Exception) -> None:
        from msgspec.structs import replace

        if self._question is not None:
            self._take_question(
                replace(self._question, problem=str(problem), answered_at=self._view.desk.options.now())
            )
        self._view.desk.say(str(problem), trouble=True)

    def _take_question(self, question: Question | None) -> None:
        if question is not None:
            self._question = question
            self._view.area.box.extra["logs"] = question
            if self._view.area.pane.id == "logs":
                self._view.area.box.redraw()
                if self._view.desk.modes.follow:
                    self._view.area.to_end()

    def logs_again(self) -> None:
        """A second passed: look for the answer; ask again where logs are followed."""
        question, desk = self._question, self._view.desk
        if question is None or self._view.area.pane.id != "logs":
            return
        number = question.id
        if question.answered_at is None:
            desk.feed.read(
                "logs-answer", lambda runtime: runtime.asking.answer(number), self._take_question, desk.read_failed
            )
        elif desk.modes.follow and (desk.options.now() - question.answered_at).total_seconds() >= LOGS_SECONDS:
            self.logs(again=True)
