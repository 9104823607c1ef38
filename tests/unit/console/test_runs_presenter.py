"""The Runs screen without a terminal: what each event makes of its state, and what it then wants to read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.screens.runs import presenter
from console.screens.runs.presenter import Back, Read, UnderCursor
from console.screens.runs.state import SORTS, Progress, RunsState, Selection

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_a_screen_without_rows_reads_the_order_and_one_with_rows_what_changed() -> None:
    assert presenter.opened(RunsState(), 0, NOW)[1] == (Read.ORDER_FOR_KEY,)
    assert presenter.opened(RunsState(ordered_at=NOW), 3, NOW)[1] == (Read.WINDOW, Read.DETAIL, Read.GROWN)


@pytest.mark.parametrize(
    ("key_before", "order_before", "moves"),
    [(None, 60.0, True), (1.0, 60.0, False), (60.0, 60.0, True), (60.0, 1.0, False), (None, 1.0, False)],
)
def test_the_list_puts_itself_in_order_only_while_nobody_is_at_the_keys(
    key_before: float | None, order_before: float, moves: bool
) -> None:
    key_at = None if key_before is None else NOW - seconds(key_before)
    state = RunsState(key_at=key_at, ordered_at=NOW - seconds(order_before))
    _, wanted = presenter.store_changed(state, NOW)
    assert (Read.ORDER in wanted) is moves
    assert moves or wanted == (Read.WINDOW, Read.DETAIL, Read.GROWN)


def test_the_first_rows_of_a_long_list_are_shown_before_its_order_is_read() -> None:
    state, wanted = presenter.order_read(RunsState(), NOW, begun=True)
    assert wanted == (Read.WINDOW, Read.DETAIL, Read.ORDER_FOR_KEY)
    assert presenter.order_read(state, NOW)[1] == (Read.WINDOW, Read.DETAIL)
    assert presenter.order_read(RunsState(where="is:lost"), NOW, begun=True)[1] == (Read.WINDOW, Read.DETAIL)


def test_an_order_that_takes_long_to_read_is_read_more_seldom() -> None:
    state, _ = presenter.order_read(RunsState(), NOW, took_s=2.0)
    assert Read.ORDER not in presenter.store_changed(state, NOW + seconds(99))[1]
    assert Read.ORDER in presenter.store_changed(state, NOW + seconds(101))[1]


@pytest.mark.parametrize(
    ("pending", "for_key", "forget"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_a_key_forgets_the_order_that_no_key_waits_for(pending: bool, for_key: bool, forget: bool) -> None:
    state = RunsState(progress=Progress(3, 9))
    after, forgotten = presenter.key_pressed(state, NOW, pending=pending, for_key=for_key)
    assert forgotten is forget
    assert after.key_at == NOW
    assert after.progress == (None if forget else Progress(3, 9))


def test_a_filter_takes_the_place_of_a_selection_and_a_selection_of_a_filter() -> None:
    state, wanted = presenter.selected(RunsState(where="is:lost", problems_only=True), ("a", "b"), "started by mail")
    assert (state.whole_filter, state.only.ids, wanted) == ("", ("a", "b"), (Read.ORDER_FOR_KEY,))
    state, wanted = presenter.filtered(state, "  flow:mail* ")
    assert (state.where, state.only, wanted) == ("flow:mail*", Selection(), (Read.ORDER_FOR_KEY,))
    state, _ = presenter.problems_turned(state)
    assert state.whole_filter == "flow:mail* is:attention"


def test_the_order_of_the_list_goes_round() -> None:
    state, seen = RunsState(), []
    for _ in SORTS:
        state, wanted = presenter.sort_turned(state)
        seen.append(state.sort)
        assert wanted == (Read.ORDER_FOR_KEY,)
    assert seen == [*SORTS[1:], SORTS[0]]


def test_a_saved_view_lists_all_that_its_filter_names() -> None:
    state, wanted = presenter.view_chosen(RunsState(problems_only=True), "status:failed", "id")
    assert (state.whole_filter, state.sort, wanted) == ("status:failed", "id", (Read.ORDER_FOR_KEY,))


STATES = st.builds(
    RunsState,
    where=st.sampled_from(["", "is:lost"]),
    problems_only=st.booleans(),
    only=st.sampled_from([Selection(), Selection(("a",), "one")]),
    showing_page=st.booleans(),
    enlarged=st.booleans(),
)


@given(state=STATES, in_list=st.booleans(), marks=st.booleans())
def test_going_back_leaves_one_thing_at_a_time_and_ends_at_the_bare_list(
    state: RunsState, in_list: bool, marks: bool
) -> None:
    left = []
    for _ in range(6):
        state, wanted, what = presenter.back(state, in_list=in_list, marks=marks)
        assert wanted == ((Read.ORDER_FOR_KEY,) if what is Back.FILTER else ())
        if what is Back.NOTHING:
            break
        left.append(what)
        in_list = in_list or what is Back.PAGE
        marks = marks and what is not Back.MARKS
    assert left == sorted(left, key=lambda step: step.value)
    assert len(left) == len(set(left))
    assert not state.filtered and not state.enlarged and not state.showing_page and in_list and not marks


def test_new_runs_are_counted_and_shown_at_once_only_in_an_empty_list() -> None:
    state, wanted = presenter.counted(RunsState(), 7, known=5, listed=5)
    assert (state.new_rows, wanted) == (2, ())
    assert presenter.counted(RunsState(), 2, known=0, listed=0)[1] == (Read.ORDER,)
    assert presenter.counted(RunsState(where="is:lost"), 2, known=0, listed=0)[1] == ()
    assert presenter.counted(RunsState(), 3, known=5, listed=5)[0].new_rows == 0


def test_an_order_that_was_read_ends_progress_and_asks_for_rows_and_details() -> None:
    state = presenter.order_looked_through(replace(RunsState(), new_rows=4), 10, 20)
    assert state.progress == Progress(10, 20)
    assert presenter.order_failed(state).progress is None
    state, wanted = presenter.order_read(state, NOW)
    assert (state.progress, state.new_rows, state.ordered, state.ordered_at) == (None, 0, True, NOW)
    assert wanted == (Read.WINDOW, Read.DETAIL)


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (UnderCursor(0, row_known=False, run_id=None, window_pending=False, detail_pending=False), ()),
        (UnderCursor(9, row_known=False, run_id=None, window_pending=False, detail_pending=False), (Read.WINDOW,)),
        (UnderCursor(9, row_known=False, run_id=None, window_pending=True, detail_pending=False), ()),
        (UnderCursor(9, row_known=True, run_id="b", window_pending=False, detail_pending=False), (Read.DETAIL,)),
        (UnderCursor(9, row_known=True, run_id="b", window_pending=False, detail_pending=True), ()),
        (UnderCursor(9, row_known=True, run_id="a", window_pending=False, detail_pending=False), ()),
        (UnderCursor(9, row_known=True, run_id=None, window_pending=False, detail_pending=False), ()),
    ],
)
def test_what_nobody_has_asked_for_is_asked_for_once(at: UnderCursor, wanted: tuple[Read, ...]) -> None:
    state, logs = presenter.detail_read(presenter.detail_asked(RunsState(), "a"))
    assert logs == (Read.LOGS,)
    assert presenter.lacking(state, at) == wanted


def test_logs_are_asked_for_once_a_branch_and_again_where_they_are_followed() -> None:
    state, asked = presenter.logs_wanted(RunsState(), ("run", "branch"), again=False)
    assert asked == ("run", "branch")
    assert presenter.logs_wanted(state, ("run", "branch"), again=False)[1] is None
    assert presenter.logs_wanted(state, ("run", "branch"), again=True)[1] == ("run", "branch")
    assert presenter.logs_wanted(state, ("run", "other"), again=False)[1] == ("run", "other")
    assert presenter.logs_wanted(state, None, again=True) == (state, None)
    assert presenter.logs_due(None, NOW, follow=False) == (Read.LOGS_ANSWER,)
    assert presenter.logs_due(NOW - seconds(9), NOW, follow=True) == (Read.LOGS_AGAIN,)
    assert presenter.logs_due(NOW - seconds(2), NOW, follow=True) == ()
    assert presenter.logs_due(NOW - seconds(9), NOW, follow=False) == ()


@given(state=STATES, narrow=st.booleans(), focused=st.sampled_from([None, "box", "branches"]))
def test_something_is_always_shown_and_an_enlarged_pane_stands_alone(
    state: RunsState, narrow: bool, focused: str | None
) -> None:
    wide = not narrow
    state = presenter.shaped(state, 40, narrow=narrow)
    if narrow:  # What is not shown cannot have the focus.
        focused = "box" if state.showing_page else None
    shown = presenter.arranged(state, narrow=narrow, wide=wide, focused=focused)
    assert shown.list or (shown.area and (shown.box or shown.branches))
    if state.enlarged and focused is not None:
        assert not shown.list
        assert not (shown.branches and shown.box)
    assert not (shown.why and wide)


@pytest.mark.parametrize(("height", "lines"), [(8, 0), (11, 0), (12, 1), (19, 1), (20, 5), (60, 5)])
def test_the_why_of_a_narrow_terminal_gives_way_to_the_list(height: int, lines: int) -> None:
    assert presenter.shaped(RunsState(), height, narrow=True).why_lines == lines


def test_a_page_is_left_when_the_terminal_becomes_wide() -> None:
    state = presenter.page_opened(RunsState(), narrow=True)
    assert state.showing_page
    assert not presenter.shaped(state, 40, narrow=False).showing_page
    assert not presenter.page_opened(RunsState(), narrow=False).showing_page
