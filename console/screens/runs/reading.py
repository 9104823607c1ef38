"""Carries out what the Runs screen wants to read, through the feed, and gives the answers to its presenter."""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console.feed import Brings
from console.screens.runs import presenter
from console.screens.runs.presenter import Read
from runtime.operations.queries.run_detail import RunDetail, read_detail
from runtime.operations.queries.run_window import Order

if TYPE_CHECKING:
    from console.screens.runs.parts import RunsParts
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Question, Run

    _Read = tuple[Order, list[Run | None], int | None, float]
    """An order, its first rows, where in it a run stands, and how many seconds that took to read."""

FIRST = 100
"""Rows that are read together with the order."""


class Reading:
    """Reads in threads; an answer changes the state by the presenter, then what shows it."""

    def __init__(self, parts: RunsParts) -> None:
        self._parts = parts
        self._feed = parts.desk.feed
        self._question: Question | None = None
        self._missed: set[int] = set()
        """Places of rows that were to be drawn and are not read yet."""

    def carry_out(self, read: Read, *, select: str | None = None) -> None:
        """Ask the feed for one thing."""
        match read:
            case Read.ORDER | Read.ORDER_FOR_KEY:
                self._order(select, Brings.ROWS if read is Read.ORDER_FOR_KEY else None)
            case Read.WINDOW:
                self._window()
            case Read.GROWN:
                self._grown()
            case Read.DETAIL:
                self._detail()
            case Read.LOGS:
                self._logs(again=False)
            case Read.LOGS_AGAIN:
                self._logs(again=True)
            case Read.LOGS_ANSWER:
                self._logs_answer()

    # The list

    def _order(self, select: str | None, brings: Brings | None) -> None:
        parts, feed, state = self._parts, self._feed, self._parts.state
        where, sort, only = state.whole_filter, state.sort, state.only.ids
        chosen = select or (parts.run.id if parts.run and (parts.list.cursor or state.key_at) else None)
        mine = feed.serial("order") + 1
        # The first rows of a long list are there long before its order: they are shown before that is read.
        limit = None if state.ordered or where or only or select else FIRST

        def looked_through(done: int, total: int) -> bool:
            parts.state = presenter.order_looked_through(parts.state, done, total)
            return feed.serial("order") == mine

        def work(runtime: Runtime) -> _Read:
            began = time.monotonic()
            order = runtime.queries.lists.order(where, sort, only=only, progress=looked_through, limit=limit)
            at = runtime.queries.lists.row_number(chosen) if chosen else None
            return order, runtime.queries.lists.rows(order.numbers[:FIRST]), at, time.monotonic() - began

        feed.read("order", work, self._take_order, self._no_order, slow=bool(where), brings=brings)

    def _no_order(self, problem: Exception) -> None:
        self._parts.state = presenter.order_failed(self._parts.state)
        self._parts.desk.read_failed(problem)

    def _take_order(self, answer: _Read) -> None:
        order, first, at, took_s = answer
        parts = self._parts
        now = parts.desk.options.now()
        parts.state, wanted = presenter.order_read(parts.state, now, took_s, begun=len(order.numbers) < order.total)
        same = order.numbers == parts.source.order.numbers
        parts.source.take_order(order)
        parts.source.take_rows(order.numbers[:FIRST], first)
        self._missed.clear()
        if same:
            parts.list.redraw_changed()
        else:
            parts.list.show(parts.source, at=at, keep=at is not None)
        parts.info.update_lines()
        parts.carry_out(wanted)

    def lacks(self) -> bool:
        """Whether the run under the cursor or its details are not read yet; asks for what nobody has asked for."""
        parts, feed, run, listed = self._parts, self._feed, self._parts.run, len(self._parts.source)
        at = presenter.UnderCursor(
            listed=listed,
            row_known=parts.source.known(parts.list.cursor),
            run_id=run.id if run is not None else None,
            window_pending=feed.pending("window"),
            detail_pending=feed.pending("detail"),
        )
        parts.carry_out(presenter.lacking(parts.state, at))
        return bool(listed) and (feed.pending("window") or (run is not None and feed.pending("detail")))

    def missed(self, index: int) -> bool:
        """Take note of a row that is in sight and not read; whether it is the first since rows were read."""
        first = not self._missed
        self._missed.add(index)
        return first

    def key_pressed(self) -> None:
        """An order that is on its way, and that no key waits for, comes too late."""
        parts, feed = self._parts, self._feed
        pending = feed.pending("order")
        for_key = pending and feed.brings(Brings.ROWS)
        now = parts.desk.options.now()
        parts.state, forget = presenter.key_pressed(parts.state, now, pending=pending, for_key=for_key)
        if forget:
            feed.forget("order")

    def _window(self) -> None:
        """Read the rows in sight and a page around them."""
        parts = self._parts
        page = parts.list.page
        top = max(0, parts.list.scroll_offset.y - page)
        if not top <= parts.list.cursor < top + 3 * page:
            top = max(0, parts.list.cursor - page)
        numbers = parts.source.numbers(top, 3 * page)

        def work(runtime: Runtime) -> tuple[array[int], list[Run | None]]:
            return numbers, runtime.queries.lists.rows(numbers)

        self._feed.read("window", work, self._take_window, parts.desk.read_failed)

    def _take_window(self, answer: tuple[array[int], list[Run | None]]) -> None:
        parts = self._parts
        known = parts.run is not None
        parts.source.take_rows(*answer)
        self._missed.clear()
        parts.list.redraw_changed()
        if not known and parts.run is not None:
            parts.carry_out([Read.DETAIL])

    def _grown(self) -> None:
        parts = self._parts
        known = parts.source.order.total

        def take(count: int) -> None:
            parts.state, wanted = presenter.counted(parts.state, count, known=known, listed=len(parts.source))
            parts.carry_out(wanted)
            parts.info.update_lines()

        self._feed.read("grown", lambda runtime: runtime.queries.records.count(), take, parts.desk.read_failed)

    def mark(self, numbers: array[int], where: str = "") -> None:
        """Mark the runs with these row numbers, all that match `where` if it is given."""
        parts = self._parts

        def work(runtime: Runtime) -> dict[str, int]:
            read = zip(numbers, runtime.queries.lists.rows(numbers), strict=True)
            return {run.id: number for number, run in read if run is not None}

        def take(marked: dict[str, int]) -> None:
            parts.source.marks.add(marked, where)
            parts.redraw_list()

        self._feed.read("marks", work, take, parts.desk.read_failed, slow=True, brings=Brings.ROWS)

    # The selected run

    def _detail(self) -> None:
        """Read the selected run, and what its pane needs besides."""
        parts = self._parts
        run = parts.run
        parts.state = presenter.detail_asked(parts.state, run.id if run else "")
        if run is None:
            self._feed.forget("detail")
            self._take_detail((None, {}))
            return
        run_id, pane, branch_id = run.id, parts.area.pane, parts.area.branch_id

        def work(runtime: Runtime) -> tuple[RunDetail | None, dict[str, Any]]:
            detail = read_detail(runtime.queries, run_id)
            extra = pane.read(runtime, run_id, branch_id)
            return detail, {} if extra is None else {pane.id: extra}

        self._feed.read("detail", work, self._take_detail, self._no_detail)

    def _no_detail(self, problem: Exception) -> None:
        self._take_detail((None, {}))
        self._parts.desk.read_failed(problem)

    def _take_detail(self, answer: tuple[RunDetail | None, dict[str, Any]]) -> None:
        parts = self._parts
        parts.state, wanted = presenter.detail_read(parts.state)
        parts.area.take(*answer)
        parts.why_bar.update_lines()
        parts.desk.update_frame("footer")
        if parts.desk.modes.follow:
            parts.area.to_end()
        parts.carry_out(wanted)

    # Logs

    def _logs_shown(self) -> tuple[str, str] | None:
        """Run and branch whose logs are in sight and may be asked for."""
        area = self._parts.area
        branch, detail = area.branch(), area.detail
        if area.pane.id != "logs" or not area.box.display or self._parts.desk.options.read_only:
            return None
        return None if branch is None or detail is None else (detail.run.id, branch.id)

    def _logs(self, *, again: bool) -> None:
        parts = self._parts
        parts.state, wanted = presenter.logs_wanted(parts.state, self._logs_shown(), again=again)
        if wanted is None:
            return
        run_id, branch_id = wanted
        self._feed.rehearse(
            lambda runtime: runtime.asking.ask(run_id, branch_id, "logs"),
            self._take_question,
            self._no_logs,
            topic="logs",
        )

    def _logs_answer(self) -> None:
        if self._question is None:
            return
        number = self._question.id
        self._feed.read(
            "logs-answer",
            lambda runtime: runtime.asking.answer(number),
            self._take_question,
            self._parts.desk.read_failed,
        )

    def _no_logs(self, problem: Exception) -> None:
        desk = self._parts.desk
        if self._question is not None:
            self._take_question(replace(self._question, problem=str(problem), answered_at=desk.options.now()))
        desk.say(str(problem), trouble=True)

    def _take_question(self, question: Question | None) -> None:
        if question is not None:
            self._question = question
            area = self._parts.area
            area.box.extra["logs"] = question
            if area.pane.id == "logs":
                area.box.redraw()
                if self._parts.desk.modes.follow:
                    area.to_end()

    def second_passed(self) -> None:
        """Look for the answer about logs that are shown; ask again where they are followed."""
        question, desk = self._question, self._parts.desk
        if question is not None and self._parts.area.pane.id == "logs":
            due = presenter.logs_due(question.answered_at, desk.options.now(), follow=desk.modes.follow)
            self._parts.carry_out(due)
