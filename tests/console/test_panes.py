"""Text panes scroll by keyboard, tails say that they are, and a count of runs counts each run once."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.format import short_span
from console.launch import Ways, driver_of, may_start_scheduler
from console.panes.history import HistoryPane
from console.panes.logs import LIMIT, LogsPane
from console.panes.registry import PANES
from console.times import column
from console.widgets.rows import Rows
from runtime.model.question import Question
from runtime.model.run import HistoryEntry
from runtime.model.stored import RunFilter
from runtime.operations.queries.attention import BY_RANK, KINDS, troubles
from runtime.operations.queries.filters import QUIET, age_seconds, parse
from runtime.settings import Settings
from tests.console.world import MORNING, Desk, at_night, story

TEXTS = [pane.id for pane in PANES if not pane.cursor]
SIZES = [(80, 24), (120, 36), (160, 48)]


def long_history(desk: Desk, monkeypatch: pytest.MonkeyPatch, count: int = 1_000) -> None:
    entries = [HistoryEntry(MORNING, "created" if n == 0 else "note", f"entry {n:04d}") for n in range(count)]
    monkeypatch.setattr(HistoryPane, "read", lambda *_: entries)


@pytest.mark.parametrize("size", SIZES)
def test_a_history_of_a_thousand_entries_is_read_from_end_to_end(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told() -> None:
        async with at_night(tmp_path, size) as desk:
            long_history(desk, monkeypatch)
            app: Any = desk.app
            app.view.open_page("history")
            await desk.settle()
            assert "entry 0000" in desk.screen
            for key, gone in (("j", True), ("k", False), ("pagedown", True), ("pageup", False), ("down", True)):
                assert ("entry 0000" not in await desk.press(key)) is gone, key
            assert "entry 0999" in await desk.press("end")
            assert "entry 0000" in await desk.press("home")
            assert "entry 0999" in await desk.press("G")
            assert "entry 0000" in await desk.press("g", "g")
            assert "entry 0000" not in await desk.press("ctrl+d")
            assert "entry 0000" in await desk.press("ctrl+u")
            seen = set(re.findall(r"entry (\d{4})", desk.screen))
            for _ in range(1_000):
                before = desk.screen
                seen |= set(re.findall(r"entry (\d{4})", await desk.press("pagedown")))
                if desk.screen == before:
                    break
            assert len(seen) == 1_000, "nothing is jumped over"
            assert "j k G scroll" in desk.lines[-1] and "esc back" in desk.lines[-1]

    story(told())


@pytest.mark.parametrize("size", SIZES)
def test_every_text_pane_scrolls_when_it_is_longer_than_its_room(tmp_path: Path, size: tuple[int, int]) -> None:
    async def told() -> None:
        async with at_night(tmp_path, size) as desk:
            app: Any = desk.app
            for pane_id in TEXTS:
                app.view.open_page(pane_id)
                await desk.settle()
                rows: Rows = app.view.area.box.rows
                assert rows.has_focus and not rows.with_cursor, pane_id
                room = max(0, len(rows.source) - rows.page)
                await desk.press("end")
                assert rows.scroll_offset.y == room, pane_id
                await desk.press("home", "j")
                assert rows.scroll_offset.y == min(1, room), pane_id
                await desk.press("escape")

    story(told())


def test_the_focus_moves_to_a_pane_and_back_as_the_footer_says(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            assert "tab panes" in desk.lines[-1]
            await desk.press("tab")
            assert desk.app.focused is not desk.app.view.rows
            await desk.press("tab")
            assert desk.app.focused is desk.app.view.rows
            assert "tab panes" not in (await desk.press("6")).split("\n")[-1], "one list has no panes"

    story(told())


def test_a_tail_says_that_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            app: Any = desk.app
            long_history(desk, monkeypatch)
            assert "older ones" not in await desk.press("w", "right_square_bracket")
            app.view.open_page("history")
            await desk.settle()
            assert "older ones" not in desk.screen
            kept = [HistoryEntry(MORNING, "note", f"entry {n}") for n in range(30)]
            monkeypatch.setattr(HistoryPane, "read", lambda *_: kept)
            await desk.look()
            assert "The newest 30 entries; older ones are not kept." in desk.screen
            area = app.view.area
            branch = area.branch()
            answer = Question(1, "logs", "blind-5", branch.id, MORNING, "mia", answered_at=MORNING, text="x" * LIMIT)
            shown = LogsPane().lines(area.detail, area.showing(100), answer)
            assert f"the last {LIMIT:,} characters" in str(shown.lines[0])
            whole = LogsPane().lines(area.detail, area.showing(100), replace(answer, text="x"))
            assert "the last" not in str(whole.lines[0])

    story(told())


def test_each_run_counts_once_in_tab_heading_rows_and_filter(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            store = desk.world.runtime.store
            start = desk.world.runtime.commands.start
            start("profile_update", {"emailOutcome": "failed"}, "mail-8")
            await desk.later(20)
            # Whatever a run was ranked for, it is listed: late ones, and those whose branches say nothing.
            for rank, run in zip((0, 1, 2, 3, 4, 6), store.runs.query(limit=6), strict=False):
                store.runs.save([save_of(store, run.id, attention=rank, is_late=rank == 4)])
            await desk.look()
            await desk.press("2")
            groups = troubles(store.runs)
            wanted = store.listing.count(RunFilter(attention_below=QUIET))
            assert sum(g.run_count for g in groups) == wanted
            assert "late" in {g.kind for g in groups}
            assert f"Needs attention {wanted}" in desk.lines[1]
            assert f"in {wanted} runs" in desk.screen
            assert all(g.affected >= g.run_count and len(g.runs) == g.affected for g in groups)
            listed = [r for r in store.runs.query(limit=None) if r.attention < QUIET]
            assert len(listed) == wanted == len(set().union(*(g.runs for g in groups)))
            await desk.press("1", "exclamation_mark")
            assert f"{wanted} of " in desk.screen

    story(told())


def save_of(store: Any, run_id: str, **changes: Any) -> Any:
    from runtime.model.stored import Save

    run = store.runs.get(run_id)
    return Save(replace(run, revision=run.revision + 1, **changes), run.revision)


def test_every_rank_has_a_kind_that_is_listed() -> None:
    assert set(BY_RANK) <= set(range(QUIET))
    assert set(BY_RANK.values()) <= set(KINDS)


def test_age_is_the_same_in_console_list_and_filter(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, (160, 48)) as desk:
            desk.world.clock.move(7_200)
            await desk.look()
            run = desk.world.runtime.store.runs.get("mail-7")
            assert run is not None and run.ended_at is not None
            now = desk.world.clock.now()
            age = age_seconds(run, now)
            assert age == (now - run.created_at).total_seconds() > 7_200
            assert short_span(age) == column(age) == "2 h"
            assert f" {column(age)}  1 failed" in desk.row("mail-7")
            assert parse("age>2h").matches(run, now) and not parse("age>3h").matches(run, now)

    story(told())


@pytest.mark.parametrize(
    ("store", "ways", "read_only", "may"),
    [
        ("/tmp/s", Ways(), False, True),
        ("/tmp/s", Ways(no_scheduler=True), False, False),
        ("/tmp/s", Ways(restricted=True), False, False),
        ("/tmp/s", Ways(), True, False),
        ("postgresql://host/db", Ways(), False, False),
    ],
)
def test_a_scheduler_is_started_only_where_it_may_be(store: str, ways: Ways, read_only: bool, may: bool) -> None:
    settings = Settings.load({"store": store, "read_only": read_only}, env={"HOME": "/tmp"})
    assert may_start_scheduler(settings, ways) is may
    assert driver_of(settings) == ("forkjoin worker" if "://" in store else "forkjoin scheduler --store /tmp/s")


def test_a_console_that_starts_none_says_how_to_get_one(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, read_only=True) as desk:
            desk.app.options = dataclasses.replace(desk.app.options, driver="forkjoin worker")
            desk.world.clock.move(240)
            await desk.look()
            assert "From a shell: forkjoin worker" in desk.screen
            assert ":scheduler" not in desk.screen

    story(told())
