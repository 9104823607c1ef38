"""The desk: what commands, dialogs and screens may ask of the console, and nothing of how the console does it.

Commands and screens import this file instead of the app, so a command can be read and tested with a small fake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from console.times import Zone

if TYPE_CHECKING:
    from textual.screen import Screen

    from console.drafts import Drafts
    from console.feed import Feed
    from console.here import Here
    from console.keynames import KeyNames
    from console.options import SessionOptions
    from console.screen_roles import NumberedScreenRole, RunListRole
    from console.snapshot import Snapshot
    from console.widgets.rows import Rows
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Receipt

T = TypeVar("T")
Words = tuple[str, ...]
"""A command line as words, unquoted."""


@dataclass
class Modes:
    """What the operator has switched; every screen draws by it."""

    zone: Zone = Zone.RELATIVE
    """How moments are shown."""
    follow: bool = False
    """Whether the end of history, polls and logs stays in sight."""
    interrupted: bool = False
    """Whether the last command was ctrl+c: the next q leaves the console from wherever it is pressed."""


class Acts(Protocol):
    """Acts go to the acting thread in the order given: none is dropped, none is given twice."""

    @property
    def commands(self) -> Sequence[str]:
        """Shell lines equal to the acts of this session, oldest first."""

    @property
    def last_act(self) -> int | None:
        """Id of the newest act of this session that was accepted."""

    def carry_out(
        self,
        work: Callable[[Runtime], Receipt],
        command: Words,
        *,
        kept: str = "",
        finished: Callable[[Receipt], object] | None = None,
    ) -> None:
        """Give an act; `finished` gets its receipt in the app's thread, `kept` is said besides if it is refused."""

    def give(self, work: Callable[[Runtime], Receipt], *commands: Words) -> None:
        """Give an act that needs no dialog, with the equal commands."""


class CommandMenus(Protocol):
    """Dialogs and lines from which a command is chosen; it is carried out on `here`, whatever is shown by then."""

    def help(self, here: Here) -> None:
        """Open the list of keys."""

    def actions(self, here: Here) -> None:
        """Open the list of acts that are possible here, and of those that are not."""

    def palette(self, here: Here) -> None:
        """Open the search over all commands."""

    def prompt(self, here: Here) -> None:
        """Open the line that takes the name of a command."""


class Focus(Protocol):
    """Where the keys go."""

    @property
    def rows(self) -> Rows:
        """The rows that the movement keys move in."""

    @property
    def in_text(self) -> bool:
        """Whether the focus is in rows without a cursor: a text that is scrolled."""

    @property
    def selected_text(self) -> str:
        """Text selected in the input with the focus; empty without one."""

    def move(self, by: int) -> None:
        """Give the focus to the next rows on the screen (1), or to those before (-1)."""

    def close_input(self) -> None:
        """Close the dialog or the input line that is open, if one is, and change nothing."""


class Terminal(Protocol):
    """The terminal this console draws on."""

    def copy(self, text: str) -> None:
        """Put a text on the clipboard of the terminal (OSC 52)."""

    def suspend(self) -> None:
        """Put the console in the background of the shell."""

    def lend(self) -> AbstractContextManager[None]:
        """Leave the terminal to another program, an editor, while the context is open."""


class Desk(Protocol):
    """The console as everything below the app sees it."""

    @property
    def options(self) -> SessionOptions:
        """What the session was opened with."""

    @property
    def modes(self) -> Modes:
        """What the operator has switched."""

    @property
    def keymap(self) -> KeyNames:
        """How the keys of the session are written."""

    @property
    def feed(self) -> Feed:
        """Reads in threads."""

    @property
    def acts(self) -> Acts:
        """Carries out acts."""

    @property
    def menus(self) -> CommandMenus:
        """Menus of commands."""

    @property
    def focus(self) -> Focus:
        """Where the keys go."""

    @property
    def terminal(self) -> Terminal:
        """The terminal."""

    @property
    def drafts(self) -> Drafts:
        """Edited texts that are not saved yet."""

    @property
    def snapshot(self) -> Snapshot:
        """What header, tabs and banner show."""

    @property
    def view(self) -> NumberedScreenRole:
        """The numbered screen that is shown."""

    @property
    def runs(self) -> RunListRole:
        """The list of runs, shown or not."""

    def here(self) -> Here:
        """What the keys act on now, and what the session allows."""

    def go_to(self, screen_id: str) -> None:
        """Show a numbered screen."""

    def perform(self, command_id: str, here: Here | None = None) -> None:
        """Do a command on `here`, by default what is under the cursor, or say why it cannot be done."""

    def open_dialog(self, dialog: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        """Open a dialog; `take` gets what was chosen, None if it was closed."""

    def ask_line(
        self, sign: str, preset: str, take: Callable[[str], object], suggestions: Sequence[str] | None = None
    ) -> None:
        """Open the line above the footer; escape closes it, enter gives what was typed to `take`."""

    def say(self, text: str, *, trouble: bool = False) -> None:
        """Show a sentence on the line above the footer."""

    def read_failed(self, problem: Exception) -> None:
        """Show that reading failed, until it works again."""

    def read_again(self) -> None:
        """Read everything in sight again, because the store was changed from here."""

    def read_status(self) -> None:
        """Read what header, tabs and banner show."""

    def update_frame(self, *names: str) -> None:
        """Draw these parts of the frame again, by default all: header, tabs, banner, message, footer."""

    def leave(self) -> None:
        """Leave the console; runs go on."""
