"""The list repaints what changed, whatever it knows of what stands there."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from console.theme import Look
from console.widgets.rows import Lines, Rows


class Desk(App[None]):
    def compose(self) -> ComposeResult:
        yield Rows(Look(colour=False), cursor=False)


def shown(rows: Rows) -> str:
    strips: list[Strip] = rows.render_lines(Region(0, 0, rows.size.width, 1))
    return strips[0].text.strip()


def test_a_row_painted_before_its_resize_was_told_of_is_painted_again_when_it_changes() -> None:
    async def story() -> None:
        async with Desk().run_test(size=(40, 5)) as pilot:
            rows = pilot.app.query_one(Rows)
            rows.show(Lines([(("build open", ""),)]))
            await pilot.pause()
            assert shown(rows) == "build open"
            rows.on_resize()
            rows.source = Lines([(("waits for the event", ""),)])
            assert rows.redraw_changed() == 1
            await pilot.pause()
            assert shown(rows) == "waits for the event"
            assert rows.redraw_changed() == 0, "what did not change is left alone"

    asyncio.run(story())
