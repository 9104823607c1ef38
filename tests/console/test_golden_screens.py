"""Screens as text, compared whole: changes are seen in review. FORKJOIN_TEST_GOLDEN=write writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.theme import Look
from tests.console import world as worlds
from tests.console.world import World, at_night, between, console, story
from tests.postgres import new_database

GOLDEN = Path(__file__).parent / "golden"
SCREENS: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "runs-80x24": ((80, 24), ()),
    "runs-120x36": ((120, 36), ()),
    "runs-160x48": ((160, 48), ()),
    "branches-80x24": ((80, 24), ("enter", "right_square_bracket")),
    "failure-80x24": ((80, 24), ("j", "e")),
    "failure-160x48": ((160, 48), ("j", "e")),
    "timeline-120x36": ((120, 36), ("t",)),
    "graph-120x36": ((120, 36), ("g", "f")),
    "state-120x36": ((120, 36), ("v",)),
    "retry-80x24": ((80, 24), ("j", "R")),
    "retry-160x48": ((160, 48), ("j", "R")),
    "approve-80x24": ((80, 24), ("j", "j", "W")),
    "actions-80x24": ((80, 24), ("j", "a")),
    "help-80x24": ((80, 24), ("question_mark",)),
    "attention-80x24": ((80, 24), ("2",)),
    "wakes-80x24": ((80, 24), ("3",)),
    "acts-80x24": ((80, 24), ("6",)),
}


def compare(name: str, screen: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("FORKJOIN_TEST_GOLDEN") == "write":
        path.write_text(screen + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == screen + "\n"


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_as_it_was(name: str, tmp_path: Path) -> None:
    async def told() -> None:
        size, keys = SCREENS[name]
        async with at_night(tmp_path, size) as desk:
            compare(name, await desk.press(*keys) if keys else desk.screen)

    story(told())


def test_ascii_alone_says_the_same(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, (120, 36), look=Look(ascii=True, colour=False)) as desk:
            seen = desk.screen + await desk.press("t") + await desk.press("g", "f") + await desk.press("7")
            assert seen.isascii()
            compare("runs-ascii-120x36", await desk.press("1", "escape"))

    story(told())


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        async with console(world, (80, 24)) as desk:
            compare("empty-80x24", desk.screen)
        await world.close()

    story(told())


def test_without_a_scheduler_every_screen_says_so(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, (120, 36)) as desk:
            desk.world.clock.move(240)
            await desk.look()
            compare("no-scheduler-120x36", desk.screen)
            for key in "234567":
                assert "No scheduler for 4 min" in await desk.press(key)

    story(told())


def test_a_quiet_store_is_a_still_screen(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, (120, 36)) as desk:
            await desk.press("j", "j", "j", "j")
            drawn: list[object] = []
            for widget in desk.app.query("Rows, Bar"):
                refresh = widget.refresh
                widget.refresh = lambda *a, _r=refresh, **k: (drawn.append(a), _r(*a, **k))[1]  # type: ignore[method-assign,func-returns-value]
            await desk.look()
            assert drawn == [], "nothing changed, so nothing is painted"

    story(told())


WORKERS = (
    {"name": "etl-1:812", "silent_s": 0.4, "wakes_per_second": 41.2, "leased": 12, "leads": True, "systems": None},
    {"name": "etl-2:4711", "silent_s": 5.2, "wakes_per_second": 38.0, "leased": 31, "systems": ["http", "simulated"]},
)


def test_workers_that_are_silent_and_runs_that_wait_for_one_stand_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told() -> None:
        url = new_database()
        monkeypatch.setattr(worlds, "MAKE_STORE", lambda _: url)
        async with at_night(tmp_path, (110, 30)) as desk:
            store = desk.world.runtime.store
            queue = {"depth": 17.0, "due": 240.0, "oldest_due_s": 7.5}
            store.facts.put("scheduler", {**store.facts.get("scheduler"), "workers": WORKERS, "queue": queue})
            await desk.look()
            await desk.press("7")
            compare("health-workers-110x30", "\n".join(between(desk.lines, "forkjoin RW", "Worker      etl-1")))
            desk.world.clock.move(240)
            await desk.look()
            compare("health-no-worker-110x30", "\n".join(between(desk.lines, "forkjoin RW", "Worker      etl-1")))

    story(told())
