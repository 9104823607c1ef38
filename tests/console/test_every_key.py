"""Every key on every screen, in every pane and dialog: the console lives, and answers in a sentence or not at all."""

from __future__ import annotations

import asyncio
import os
import random
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste

from console.app import ForkjoinApp
from console.commands import editing
from console.commands.registry import COMMANDS
from console.panes import registry as panes
from console.screens.registry import VIEWS
from console.screens.runs.state import Selection
from tests.console.world import Desk, World, console, night, story

SIGNS = {
    "space": " ",
    "exclamation_mark": "!",
    "quotation_mark": '"',
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "apostrophe": "'",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "asterisk": "*",
    "plus": "+",
    "comma": ",",
    "minus": "-",
    "full_stop": ".",
    "slash": "/",
    "colon": ":",
    "semicolon": ";",
    "less_than_sign": "<",
    "equals_sign": "=",
    "greater_than_sign": ">",
    "question_mark": "?",
    "at": "@",
    "left_square_bracket": "[",
    "backslash": "\\",
    "right_square_bracket": "]",
    "circumflex_accent": "^",
    "underscore": "_",
    "grave_accent": "`",
    "left_curly_bracket": "{",
    "vertical_line": "|",
    "right_curly_bracket": "}",
    "tilde": "~",
    "é": "é",
    "漢": "漢",
}
MOVING = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "insert", "delete", "backspace")
PLAIN = ("tab", "shift+tab", "escape", "enter", *MOVING, *(f"f{n}" for n in range(1, 13)))
HELD = tuple(
    f"{how}+{key}" for how in ("ctrl", "alt", "shift", "ctrl+shift") for key in (*MOVING[:8], "enter", "space")
)
CONTROLLED = tuple(f"ctrl+{letter}" for letter in string.ascii_lowercase)
EVERY_KEY = (*string.ascii_letters, *string.digits, *SIGNS, *PLAIN, *CONTROLLED, *HELD)
BOUND = tuple(dict.fromkeys(key for c in COMMANDS for key in c.key.split(",") if key))
IN_DIALOGS = (
    *"jkhlqgRCVa12357",
    "space",
    "slash",
    "colon",
    "question_mark",
    "asterisk",
    "é",
    *PLAIN[:-10],
    *CONTROLLED,
)
PAIRS = (("g", "f"), ("g", "g"), ("g", "j"), ("g", "escape"), ("g", "q"), ("g", "G"), ("w", "w"), ("V", "R"))
LEAVES = ("q", "ctrl+q")


class Hand:
    """Presses keys at a desk as fast as they are handled, and puts things back where they were."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.app = desk.app
        self.pressed: list[str] = []
        self.left = 0
        self.place = ""
        # Leaving is noticed, not done: one console serves all keys.
        desk.app.exit = self._leave  # type: ignore[method-assign]
        desk.app.action_suspend_process = lambda: None  # type: ignore[method-assign]

    def _leave(self, *_: Any, **__: Any) -> None:
        self.left += 1

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, and look at the console after each."""
        for key in keys:
            self.pressed.append(key)
            before = self.left
            await self.send(Key(key, SIGNS.get(key, key if len(key) == 1 else None)))
            assert self.left == before or key in LEAVES, f"{self.told()} left the console"
        self.look()

    async def send(self, event: Key | Paste) -> None:
        """What a terminal sends, until it is handled."""
        taken = asyncio.Event()
        self.app.post_message(event)
        self.app.call_later(taken.set)
        await taken.wait()
        while not self.app.typed.idle:
            await asyncio.sleep(0)

    async def drawn(self) -> None:
        """What a key has opened is laid out in its own time; then it must show something."""
        for _ in range(100):
            if self.desk.screen:
                return
            await self.desk.pilot.pause()
        raise AssertionError(f"{self.told()}: the screen stays empty")

    def look(self) -> None:
        """The console must be there, and well."""
        assert self.app._exception is None, f"{self.told()}: {self.app._exception!r}"
        assert self.app.is_running and not self.app._exit, self.told()
        assert "problem of its own" not in self.app.frame.text, f"{self.told()}: {self.app.frame.text}"

    def told(self) -> str:
        """Where we are, and what was pressed last."""
        return f"{self.place}: {' '.join(self.pressed[-4:])}"

    async def home(self, screen: str = "runs") -> None:
        """To a list, nothing open, nothing marked, no filter."""
        app = self.app
        for _ in range(6):
            if len(app.screen_stack) == 1:
                break
            app.screen.dismiss(None)
            await self.desk.pilot.pause()
        prompt: Any = app.query_one("#prompt")
        if prompt.display:
            prompt.action_close()
        runs: Any = app.query_one("#view-runs")
        runs.source.marks.clear()
        filtered = runs.state.filtered
        runs.state = replace(
            runs.state, where="", problems_only=False, only=Selection(), showing_page=False, enlarged=False
        )
        runs._arrange()
        app.go_to("runs")
        if filtered:
            runs.reorder()
        runs.list.go(0)
        if screen != "runs":
            app.go_to(screen)
        self.pressed.clear()

    def where(self) -> tuple[Any, ...]:
        """What tells whether a key has changed the place."""
        app: Any = self.app
        runs: Any = app.query_one("#view-runs")
        return (
            app.view.name_id,
            len(app.screen_stack),
            id(app.screen),
            id(app.focused),
            runs.state.showing_page,
            runs.area.pane.id,
            runs.state.whole_filter,
            bool(runs.state.only.ids),
            len(runs.source.marks),
            runs.state.enlarged,
        )


Arrange = Callable[[Hand], Awaitable[None]]


def on_screen(name: str) -> Arrange:
    async def arrange(hand: Hand) -> None:
        await hand.home(name)

    return arrange


def in_pane(pane_id: str, row: int) -> Arrange:
    async def arrange(hand: Hand) -> None:
        await hand.home()
        runs: Any = hand.app.view
        runs.list.go(row)
        runs.open_page(pane_id)

    return arrange


def after(*keys: str, screen: str = "runs", row: int = 0) -> Arrange:
    async def arrange(hand: Hand) -> None:
        await hand.home(screen)
        hand.app.view.rows.go(row)
        await hand.press(*keys)
        hand.pressed.clear()

    return arrange


LISTS: dict[str, Arrange] = {view.screen_name.id: on_screen(view.screen_name.id) for view in VIEWS}
IN_PANES: dict[str, Arrange] = {f"pane {pane.id}": in_pane(pane.id, row) for row, pane in enumerate(panes.PANES)}
OPENED: dict[str, Arrange] = {
    "marks": after("space", "space"),
    "all marked": after("*"),
    "filter": after("slash"),
    "filtered": after("slash", *"mail", "enter"),
    "no match": after("slash", *"status:paused".replace(":", "")[:6], "enter"),
    "command": after("colon"),
    "command elsewhere": after("colon", screen="acts"),
    "search in a pane": after("w", "slash"),
    "help": after("question_mark"),
    "menu": after("a"),
    "menu of a failed run": after("a", row=1),
    "palette": after("ctrl+p"),
    "copy": after("y"),
    "columns": after("c"),
    "saved views": after("b"),
    "command log": after("at"),
    "retry": after("R", row=1),
    "retry of marked runs": after("asterisk", "R"),
    "skip": after("S", row=2),
    "send": after("W", row=2),
    "pause": after("P"),
    "cancel": after("C"),
    "wake": after("T"),
    "note": after("A"),
    "hold": after("H"),
    "start": after("ctrl+n", screen="workflows"),
    "which to start": after("ctrl+n"),
    "schedule": after("D", screen="workflows"),
    "prune": after("colon", *"prune", "enter", screen="health"),
    "enlarged": after("w", "plus"),
}


async def sweep(hand: Hand, places: dict[str, Arrange], keys: Sequence[str]) -> None:
    for name, arrange in places.items():
        hand.place = name
        await arrange(hand)
        there = hand.where()
        for key in keys:
            # Drawn once a place, and whenever a key has brought something: painting costs most of the time.
            with hand.app.batch_update():
                await hand.press(key)
            if hand.where() != there:
                await hand.drawn()
                await arrange(hand)
                there = hand.where()
        await hand.drawn()


@asynccontextmanager
async def hand_at(folder: Path, size: tuple[int, int], *, empty: bool = False, **how: Any) -> AsyncIterator[Hand]:
    world = World(folder)
    if not empty:
        await night(world)
    try:
        async with console(world, size, **how) as desk:
            yield Hand(desk)
    finally:
        await world.close()


@pytest.fixture(autouse=True)
def _no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "edited", lambda app, text: None)


@pytest.mark.parametrize(
    ("size", "empty", "read_only", "places", "keys"),
    [
        ((80, 24), False, False, {**LISTS, **IN_PANES}, BOUND),
        ((160, 48), False, False, {"runs": LISTS["runs"], **IN_PANES}, BOUND),
        ((100, 20), False, False, {"runs": LISTS["runs"]}, EVERY_KEY),
        ((80, 24), False, True, LISTS, BOUND),
        ((160, 48), True, False, {**LISTS, "pane why": IN_PANES["pane why"]}, BOUND),
        ((80, 24), True, True, LISTS, BOUND),
    ],
)
def test_every_key_on_every_screen_and_in_every_pane(
    tmp_path: Path, size: tuple[int, int], empty: bool, read_only: bool, places: dict[str, Arrange], keys: Sequence[str]
) -> None:
    async def told() -> None:
        async with hand_at(tmp_path, size, empty=empty, read_only=read_only) as hand:
            await sweep(hand, places, keys)
            for pair in PAIRS:
                for name, arrange in LISTS.items():
                    hand.place = name
                    await arrange(hand)
                    await hand.press(*pair)

    story(told())


def test_every_key_in_every_dialog_and_line(tmp_path: Path) -> None:
    async def told() -> None:
        async with hand_at(tmp_path, (80, 24)) as hand:
            await sweep(hand, OPENED, IN_DIALOGS)

    story(told())


def test_a_key_of_another_screen_says_where_it_belongs(tmp_path: Path) -> None:
    async def told() -> None:
        async with hand_at(tmp_path, (120, 36)) as hand:
            for view in VIEWS:
                for command in COMMANDS:
                    if command.belongs(view.screen_name.id) or not command.key:
                        continue
                    if hand.app.view.name_id != view.screen_name.id:
                        await hand.home(view.screen_name.id)
                    before = hand.where()
                    await hand.press(command.key.split(",")[0])
                    assert hand.where() == before, f"{command.id} on {view.screen_name.id}"
                    assert "not on this screen" in hand.app.frame.text, f"{command.id} on {view.screen_name.id}"

    story(told())


def test_a_command_is_possible_only_on_its_screens_whoever_asks(tmp_path: Path) -> None:
    async def told() -> None:
        async with hand_at(tmp_path, (120, 36)) as hand:
            for view in VIEWS:
                await hand.home(view.screen_name.id)
                here = hand.app.here()
                for command in COMMANDS:
                    if not command.belongs(here.screen):
                        assert not command.usable(here), f"{command.id} on {view.screen_name.id}"
                        hand.app.perform(command.id)
                        hand.look()
                        assert "not on this screen" in hand.app.frame.text
            await hand.desk.settle()

    story(told())


@pytest.mark.parametrize("seed", range(int(os.environ.get("FORKJOIN_KEY_SEEDS", "2"))))
def test_random_sequences_of_keys(tmp_path: Path, seed: int) -> None:
    async def told() -> None:
        chance = random.Random(seed)
        size = ((80, 24), (160, 48), (100, 18), (60, 10))[seed % 4]
        async with hand_at(tmp_path, size, empty=seed % 5 == 4, read_only=seed % 3 == 2) as hand:
            for _ in range(70):
                await hand.home(chance.choice(VIEWS).screen_name.id)
                await hand.press(*chance.choices(BOUND if chance.random() < 0.8 else EVERY_KEY, k=3))

    story(told())


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_keys_before_anything_is_read_wait_and_do_no_harm(tmp_path: Path, size: tuple[int, int]) -> None:
    async def told() -> None:
        async with hand_at(tmp_path, size) as hand:
            app: ForkjoinApp = hand.app
            for key in BOUND[size[0] == 80 :: 2]:
                if key in LEAVES:
                    continue
                await hand.home()
                runs: Any = app.query_one("#view-runs")
                runs.source.take_order(type(runs.source.order)())
                runs.source._read.clear()
                for view in VIEWS[1:]:
                    other: Any = app.query_one(f"#view-{view.screen_name.id}")
                    other.data = None
                app.feed.hold()
                runs.reorder()
                app.post_message(Key(key, SIGNS.get(key, key if len(key) == 1 else None)))
                app.post_message(Key("j", "j"))
                await hand.desk.pilot.pause()
                hand.pressed.append(key)
                hand.look()
                app.feed.release()
                await hand.desk.settle()
                hand.look()

    story(told())
