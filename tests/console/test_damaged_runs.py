"""A damaged run in the console: shown where runs are, in words where its details would stand; all else works."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.console.world import World, console, night


def damage(folder: Path, table: str, where: str, text: bytes = b"{broken") -> None:
    with sqlite3.connect(folder / "store.db") as con:
        con.execute(f"UPDATE t_{table} SET doc=? WHERE {where}", (text,))


@pytest.mark.parametrize("table", ["runs", "branches", "flows", "acts", "holds", "meta"])
def test_every_screen_lives_with_a_damaged_record(table: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    run_id = "run_id='blind-5'"
    where = {"runs": "id='blind-5'", "branches": run_id, "history": run_id, "polls": run_id}.get(table, "1=1")

    async def story() -> None:
        world = World(folder)
        await night(world)
        world.runtime.commands.hold("run=slow-3", reason="look")
        damage(folder, table, where)
        world.loop.forget()
        async with console(world) as desk:
            for key in "1234567":
                await desk.press(key)
            screen = await desk.press("1")
            assert "blind-5" in screen and "slow-3" in screen
            await desk.later(60)
            screen = desk.screen
            if table in ("runs", "branches"):
                assert "damaged" in desk.row("blind-5")
                assert "damaged" not in desk.row("slow-3")
            for name in ("blind-5", "slow-3"):
                await desk.press("slash")
                await desk.type(name)
                await desk.press("enter", "enter")
                for key in ("tab", "w", "h", "escape", "escape"):
                    await desk.press(key)
            assert desk.app.is_running
        await world.close()

    asyncio.run(story())
