"""What the Runs screen becomes by an event, and what it then wants to read; without a widget, a thread or a store.

Each function is an event: it takes the state and what happened, and returns the next state with the wanted reads in
their order. The screen keeps the state, carries the reads out and draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from console.screens.runs.state import SORTS, Progress, RunsState, Selection

QUIET_SECONDS = 5.0
"""After so long without a key the list puts itself in order: nobody is about to press one."""
REST_PER_READING = 50
"""An order that the list reads by itself is followed by so many times as long without one: 2 % of a core."""
LOGS_SECONDS = 5.0
"""How often logs that are followed are asked for again."""


class Read(Enum):
    """What can be wanted from the store."""

    ORDER = auto()
    """The order of the list, by itself."""
    ORDER_FOR_KEY = auto()
    """The order, because a key waits for it."""
    WINDOW = auto()
    """The rows in sight."""
    GROWN = auto()
    """How many runs there are now."""
    DETAIL = auto()
    """The run under the cursor, with what its pane needs."""
    LOGS = auto()
    """The logs of the chosen branch, asked for once through the scheduler."""
    LOGS_AGAIN = auto()
    """The same logs as they are now."""
    LOGS_ANSWER = auto()
    """What came of the question for logs."""


Step = tuple[RunsState, tuple[Read, ...]]


def opened(state: RunsState, rows: int, now: datetime) -> Step:
    """The screen comes into sight."""
    return store_changed(state, now) if rows else (state, (Read.ORDER_FOR_KEY,))


def store_changed(state: RunsState, now: datetime) -> Step:
    """Rows in sight are read again; the list puts itself in order only while nobody is at the keys."""
    touched = state.key_at is not None and (now - state.key_at).total_seconds() < QUIET_SECONDS
    pause = max(QUIET_SECONDS, REST_PER_READING * state.order_took_s)
    if touched or (now - state.ordered_at).total_seconds() < pause:
        return state, (Read.WINDOW, Read.DETAIL, Read.GROWN)
    return state, (Read.ORDER,)


def key_pressed(state: RunsState, now: datetime, *, pending: bool, for_key: bool) -> tuple[RunsState, bool]:
    """Whether the order that is on its way (`pending`) is to be forgotten: one nobody asked for comes too late."""
    forget = pending and not for_key
    return replace(state, key_at=now, progress=None if forget else state.progress), forget


def filtered(state: RunsState, where: str) -> Step:
    """A filter was given; it takes the place of a selection."""
    return replace(state, where=where.strip(), only=Selection()), (Read.ORDER_FOR_KEY,)


def selected(state: RunsState, ids: tuple[str, ...], label: str) -> Step:
    """Another screen asked for just these runs."""
    return replace(state, where="", problems_only=False, only=Selection(ids, label)), (Read.ORDER_FOR_KEY,)


def problems_turned(state: RunsState) -> Step:
    """Only what needs attention, or all again."""
    return replace(state, problems_only=not state.problems_only), (Read.ORDER_FOR_KEY,)


def sort_turned(state: RunsState) -> Step:
    """The next order of the list."""
    return replace(state, sort=SORTS[(SORTS.index(state.sort) + 1) % len(SORTS)]), (Read.ORDER_FOR_KEY,)


def view_chosen(state: RunsState, where: str, sort: str) -> Step:
    """A saved view was chosen."""
    return replace(state, where=where, sort=sort, problems_only=False), (Read.ORDER_FOR_KEY,)


class Back(Enum):
    """What one step back leaves."""

    ENLARGED = auto()
    PAGE = auto()
    MARKS = auto()
    FILTER = auto()
    NOTHING = auto()


def back(state: RunsState, *, in_list: bool, marks: bool) -> tuple[RunsState, tuple[Read, ...], Back]:
    """From an enlarged pane to all, from details to the list; then marks are dropped, then the filter."""
    if state.enlarged:
        return replace(state, enlarged=False), (), Back.ENLARGED
    if state.showing_page or not in_list:
        return replace(state, showing_page=False), (), Back.PAGE
    if marks:
        return state, (), Back.MARKS
    if state.filtered:
        return replace(state, where="", problems_only=False, only=Selection()), (Read.ORDER_FOR_KEY,), Back.FILTER
    return state, (), Back.NOTHING


def order_looked_through(state: RunsState, done: int, total: int) -> RunsState:
    """A filter has looked through some runs."""
    return replace(state, progress=Progress(done, total))


def order_read(state: RunsState, now: datetime, took_s: float = 0.0, *, begun: bool = False) -> Step:
    """The order was read, within so many seconds; `begun`: it has but the first of more rows, and no filter."""
    first = begun and not state.ordered and not state.filtered
    state = replace(state, progress=None, new_rows=0, ordered=True, ordered_at=now, order_took_s=took_s)
    return state, (Read.WINDOW, Read.DETAIL, *((Read.ORDER_FOR_KEY,) if first else ()))


def order_failed(state: RunsState) -> RunsState:
    """The order could not be read."""
    return replace(state, progress=None)


def counted(state: RunsState, count: int, *, known: int, listed: int) -> Step:
    """The store has `count` runs, the order read last knew `known` and lists `listed`."""
    new = max(0, count - known)
    first = not listed and new > 0 and not state.whole_filter
    return replace(state, new_rows=new), (Read.ORDER,) if first else ()


def detail_asked(state: RunsState, run_id: str) -> RunsState:
    """Details of a run were asked for."""
    return replace(state, detail_asked=run_id)


def detail_read(state: RunsState) -> Step:
    """The details asked for last were given."""
    return replace(state, detail_read=state.detail_asked), (Read.LOGS,)


@dataclass(frozen=True, slots=True)
class UnderCursor:
    """What the store was asked about the run under the cursor."""

    listed: int
    """Rows in the list."""
    row_known: bool
    run_id: str | None
    window_pending: bool
    detail_pending: bool


def lacking(state: RunsState, at: UnderCursor) -> tuple[Read, ...]:
    """What nobody has asked for yet, of the row under the cursor (first) and its details."""
    if not at.listed or at.window_pending:
        return ()
    if not at.row_known:
        return (Read.WINDOW,)
    if at.run_id is not None and at.run_id != state.detail_read and not at.detail_pending:
        return (Read.DETAIL,)
    return ()


def logs_wanted(
    state: RunsState, shown: tuple[str, str] | None, *, again: bool
) -> tuple[RunsState, tuple[str, str] | None]:
    """The run and branch whose logs are to be asked for: those `shown`, once, or `again`."""
    if shown is None or (shown == state.logs_asked and not again):
        return state, None
    return replace(state, logs_asked=shown), shown


def logs_due(answered_at: datetime | None, now: datetime, *, follow: bool) -> tuple[Read, ...]:
    """A second passed with a question for logs: look for its answer, or ask again where logs are followed."""
    if answered_at is None:
        return (Read.LOGS_ANSWER,)
    return (Read.LOGS_AGAIN,) if follow and (now - answered_at).total_seconds() >= LOGS_SECONDS else ()


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which parts of the screen are shown."""

    list: bool
    area: bool
    branches: bool
    box: bool
    why: bool
    info: bool


def arranged(state: RunsState, *, narrow: bool, wide: bool, focused: str | None) -> Arrangement:
    """The parts for a width; `focused` is `box` or `branches` when the details have the focus."""
    return Arrangement(
        list=not state.showing_page and not (state.enlarged and focused is not None),
        area=(not narrow or state.showing_page) and not (state.enlarged and focused is None),
        branches=wide and not (state.enlarged and focused == "box"),
        box=not (wide and state.enlarged and focused == "branches"),
        why=narrow and not state.showing_page,
        info=not state.showing_page,
    )


def page_opened(state: RunsState, *, narrow: bool) -> RunsState:
    """A pane is opened; in a narrow terminal it stands in place of the list."""
    return replace(state, showing_page=narrow)


def enlarged(state: RunsState, *, enlarged: bool) -> RunsState:
    """The pane with the focus gets the whole screen, or all panes their room."""
    return replace(state, enlarged=enlarged)


def shaped(state: RunsState, height: int, *, narrow: bool) -> RunsState:
    """The terminal has another size."""
    lines = 0 if height < 12 else 1 if height < 20 else 5
    return replace(state, why_lines=lines, showing_page=state.showing_page and narrow)
