"""A scheduler with more to do than it can says so wherever an operator looks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.console.world import World, console, night

BEHIND = {"due": 16_000, "oldest_due_s": 40.0, "slowest": "http:search.internal"}
WORDS = "overloaded: wakes are 40 s late, 16,000 due; slowest system http:search.internal"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_header_banner_health_and_why_say_how_far_behind_it_is(tmp_path: Path, size: tuple[int, int]) -> None:
    async def story() -> None:
        world = World(tmp_path)
        await night(world)
        async with console(world, size) as desk:
            assert "overloaded" not in desk.screen
            world.beat(**BEHIND)
            await desk.look()
            assert "[overloaded]" in desk.lines[0]
            assert "wakes are 40 s late, 16,000 due" in desk.row(" overloaded: ")
            world.clock.move(3)
            world.beat(**BEHIND)
            assert WORDS in "\n".join(world.runtime.queries.why("slow-3").reasons)
            await desk.press("7")
            assert "overloaded: wakes are 40 s late" in desk.row("Behind  ")
            world.beat()
            await desk.look()
            assert "overloaded" not in "\n".join(desk.lines[:3])
        await world.close()

    asyncio.run(story())
