"""Keys and pastes in the order they were typed: each waits for what the one before it brings."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from textual.events import Key, Paste
from textual.widgets import Input

from console.commands.base import Waits
from console.dialogs.base import Dialog
from console.feed import Brings

if TYPE_CHECKING:
    from textual.message_pump import MessagePump
    from textual.screen import Screen
    from textual.widget import Widget

    from console.commands.base import Command
    from console.feed import Feed
    from console.screen_roles import NumberedScreenRole

LOOK_SECONDS = 0.005
"""How often it is looked whether what is waited for has come; only while keys wait."""
PATIENCE_SECONDS = 1.0
"""After so long a wait the keys of `OUT` are not kept in line: they drop what was typed."""
OUT = ("escape", "ctrl+q", "ctrl+c")
PASSES = 3
"""How often a key's way up from the widget with the focus is walked: the key, what it set off, what that set off."""


class KeyTarget(Protocol):
    """The console, as the queue of what was typed sees it."""

    @property
    def focused(self) -> Widget | None:
        """The widget with the focus."""

    @property
    def screen(self) -> Screen[Any]:
        """The Textual screen on top: the console's own, or a dialog."""

    @property
    def feed(self) -> Feed:
        """What is being read."""

    @property
    def view(self) -> NumberedScreenRole:
        """The numbered screen that is shown."""

    @property
    def store_away(self) -> bool:
        """Whether the store does not answer."""

    def say(self, text: str, *, trouble: bool = False) -> None:
        """Show a sentence."""

    async def handle_typed(self, event: Key | Paste) -> None:
        """Handle a key or a paste; its turn has come."""

    def crash(self, problem: Exception) -> None:
        """End the console, because handling a key raised an exception."""


class Typed:
    """The line of what was typed and is not handled yet.

    Nothing is handled while a dialog opens, a line is taken, or something is read that a key asked for. A terminal
    that sends many keys in one piece so means what it would mean key by key.
    """

    def __init__(self, target: KeyTarget) -> None:
        self._target = target
        self._line: deque[Key | Paste] = deque()
        self._came = asyncio.Event()
        self._waiting_since: float | None = None
        self._given_up = False
        self._working = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Handle what was typed, from now on."""
        self._task = asyncio.create_task(self._work(), name="forkjoin-typed")

    def end(self) -> None:
        """Handle nothing any more."""
        if self._task is not None:
            self._task.cancel()

    @property
    def idle(self) -> bool:
        """Whether everything that was typed has been handled."""
        return not self._line and not self._working

    def take(self, event: Key | Paste) -> None:
        """Put something into the line; a way out of a long wait jumps it."""
        if self._impatient() and isinstance(event, Key) and event.key in OUT:
            dropped = len(self._line)
            self._line.clear()
            self._given_up = True
            self._target.say(f"Not waited for any longer; {dropped} keys typed meanwhile are dropped.")
            if event.key == "escape":
                return
        self._line.append(event)
        self._came.set()

    def _impatient(self) -> bool:
        since = self._waiting_since
        return since is not None and time.monotonic() - since > PATIENCE_SECONDS

    async def _work(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            while self._line:
                self._working = True
                try:
                    if await self._until(lambda: not self._opening()) and self._line:
                        await self._handle(self._line.popleft())
                except Exception as problem:
                    self._target.crash(problem)
                finally:
                    self._working = False

    async def _handle(self, event: Key | Paste) -> None:
        focused = self._target.focused or self._target.screen
        if isinstance(event, Paste) and not isinstance(focused, Input):
            self._target.say(
                "Nothing was pasted: a paste goes into a line or field that is open, like those of / and :"
            )
            return
        await self._target.handle_typed(event)
        for _ in range(PASSES):
            for node in focused.ancestors_with_self:
                await self._passed(node)

    async def ready_for(self, command: type[Command]) -> bool:
        """Wait for what a command needs; False if the wait was given up, so that it must not be done.

        Moving waits for the rows that a key asked for; acting for what is under the cursor, and for acts given before.
        """
        feed, view = self._target.feed, self._target.view
        if command.waits is Waits.NOTHING:
            return True
        if command.waits is Waits.ROWS:
            return await self._until(lambda: self._away() or not (feed.brings(Brings.ROWS) or view.reads_pane()))
        return await self._until(
            lambda: self._away() or not (feed.brings(Brings.ROWS) or feed.pending("act") or view.reads())
        )

    def _opening(self) -> bool:
        screen = self._target.screen
        if isinstance(screen, Dialog):
            return not screen.opened or (not self._away() and screen.reads())
        return self._target.feed.brings(Brings.DIALOG) and not self._away()

    def _away(self) -> bool:
        """Where the store does not answer nothing is waited for: acts then say what came of it."""
        return self._target.store_away

    async def _until(self, ready: Callable[[], bool]) -> bool:
        self._waiting_since, self._given_up = time.monotonic(), False
        try:
            while not ready():
                if self._given_up:
                    return False
                await asyncio.sleep(LOOK_SECONDS)
            return True
        finally:
            self._waiting_since = None

    async def _passed(self, node: MessagePump) -> None:
        """Wait until a widget has handled what it was sent so far."""
        passed = asyncio.Event()
        if not node.is_running or not node.call_later(passed.set):
            return
        while not passed.is_set() and node.is_running:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await passed.wait()
