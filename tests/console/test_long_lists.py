"""A list longer than what is read at first: its first rows are there at once, and the rest is not missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.screens.runs import reading
from tests.console.world import World, console


@pytest.mark.parametrize("first", [100, 5])
def test_the_whole_list_is_there_whatever_was_read_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(reading, "FIRST", first)

    async def story() -> None:
        world = World(tmp_path)
        world.runtime.commands.start("release_approval", {}, "run", count=130)
        async with console(world, (120, 36)) as desk:
            assert "130 runs" in desk.screen
            await desk.press("s", "s", "s", "s")
            assert "by id" in desk.screen
            await desk.press("G")
            assert "run-0130" in desk.screen
            await desk.press("home")
            assert "run-0001" in desk.screen
        await world.close()

    asyncio.run(story())


def test_keys_pressed_before_the_whole_order_is_read_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FIRST", 5)

    async def story() -> None:
        world = World(tmp_path)
        world.runtime.commands.start("release_approval", {}, "run", count=60)
        async with console(world, (120, 36)) as desk:
            await desk.pilot.press("down", "down", "G")
            await desk.settle()
            assert len(desk.app.view.rows.source) == 60
            assert desk.app.view.rows.cursor == 59
        await world.close()

    asyncio.run(story())
