"""ctrl+c never ends the console and never goes unanswered: it says how to quit, and the first q after it quits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.events import Key

from console.dialogs.base import Dialog
from console.screens.registry import VIEWS
from tests.console.world import at_night, story

PLACES: dict[str, Sequence[str]] = {
    **{f"screen {view.screen_name.number}": (str(view.screen_name.number),) for view in VIEWS},
    "a page": ("enter",),
    "the graph": ("g", "f"),
    "half a chord": ("g",),
    "help": ("question_mark",),
    "the filter": ("slash",),
    "a typed filter": ("slash", "i", "s", "colon"),
    "the command line": ("colon",),
    "the menu of what can be done": ("a",),
    "the palette": ("ctrl+p",),
    "a dialog": ("C",),
    "a dialog with a typed reason": ("C", "tab", "x", "y"),
    "a form": ("ctrl+n",),
    "failure": ("e",),
    "a range": ("V", "j"),
    "twice": ("ctrl+c",),
}


@pytest.mark.parametrize("place", PLACES)
def test_ctrl_c_says_how_to_quit_and_the_first_q_quits(place: str, tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press(*PLACES[place])
            await desk.press("ctrl+c")
            assert desk.app.is_running
            assert not isinstance(desk.app.screen, Dialog)
            assert "q quits the console now; the runs go on." in desk.message
            runs = desk.world.runtime.store.listing.counts()
            await desk.pilot.press("q")
            await desk.pilot.pause()
            assert desk.app.return_code == 0
            assert not desk.app.is_running
            assert desk.world.runtime.store.listing.counts() == runs

    story(told())


@pytest.mark.parametrize(
    "keys", [("a",), ("question_mark",), ("ctrl+p",), ("C",), ("ctrl+n",), ("y",), ("R",)], ids=str
)
@pytest.mark.parametrize("turns", range(6))
def test_the_console_closes_while_a_dialog_opens(keys: Sequence[str], turns: int, tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            for key in keys:
                desk.app.post_message(Key(key, key if len(key) == 1 else None))
            while len(desk.app.screen_stack) == 1:
                await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            desk.app.exit()
        assert desk.app._exception is None

    story(told())


def test_another_key_takes_the_meaning_of_q_back(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("enter", "ctrl+c", "t", "q")
            assert desk.app.is_running, "q leaves the page first, as ever"
            await desk.press("ctrl+q")

    story(told())
