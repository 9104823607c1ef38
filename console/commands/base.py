"""One class a command: key, footer, palette, help and the command line's words are all read from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from console.here import Here
from console.screen_names import SCREEN_NAMES
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk


class Group(StrEnum):
    """Where help shows a command."""

    LOOK = "Look"
    ACT = "Act"
    MOVE = "Move"
    CONSOLE = "Console"


class Waits(StrEnum):
    """What a key waits for before it is handled."""

    NOTHING = "nothing"
    ROWS = "rows"
    """The rows that a key before it asked for."""
    ALL = "all"
    """Those, what is under the cursor, and what comes of acts given before."""


@dataclass(frozen=True)
class Possible:
    """Whether a command can be used here, and what to say either way."""

    yes: bool
    text: str = ""
    """If possible, what it does here; if not, why, and what is possible instead."""

    def __bool__(self) -> bool:
        return self.yes


class Command(ABC):
    """A command of the console; the docstring of a class is its help text."""

    id: ClassVar[str]
    key: ClassVar[str] = ""
    """Keys, separated by commas, as Textual names them; may be remapped in the settings file."""
    label: ClassVar[str] = ""
    """The footer's word."""
    group: ClassVar[Group] = Group.LOOK
    screens: ClassVar[frozenset[str]] = frozenset()
    """Screens it belongs to; empty: all."""
    writes: ClassVar[bool] = False
    """Whether it changes the store: read-only sessions do not have it."""
    always: ClassVar[bool] = False
    """Whether its key works whatever has the focus."""
    cli: ClassVar[str] = ""
    """The command of the command line that does the same, `{run}` and `{branch}` filled in."""
    key_display: ClassVar[str] = ""
    """How help shows the key, where that differs from the key itself."""
    waits: ClassVar[Waits] = Waits.ALL
    """What its key waits for, if that is still being read."""

    @classmethod
    def text(cls) -> str:
        """The help text."""
        return (cls.__doc__ or "").strip()

    @classmethod
    def belongs(cls, screen: str) -> bool:
        """Whether it is a command of this screen: the one place where `screens` is looked at."""
        return not cls.screens or screen in cls.screens

    @classmethod
    def usable(cls, here: Here) -> Possible:
        """Whether it can be used here: it belongs to the screen, and is possible on what is under the cursor."""
        if cls.belongs(here.screen):
            return cls.availability(here)
        others = [name for name in SCREEN_NAMES if name.id in cls.screens]
        named = " or ".join(f"{here.key(name.command_id)} {name.title}" for name in others)
        return Possible(False, f"not on this screen; {named} has it.")

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Whether it can be used on what is under the cursor, on a screen of its own; `usable` is what to ask."""
        return Possible(True, cls.text())

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Whether the why of a run names it here, if it is possible."""
        return False

    @classmethod
    @abstractmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Do it, in the app's thread: acts only open a dialog or go to the acting lane."""

    @classmethod
    def shell(cls, here: Here) -> str:
        """The command line that does it here, accepted as it stands; nothing where it needs more than is known."""
        verb = cls.cli.split()[1] if cls.cli else ""
        can = here.detail.why.can if here.detail is not None and not here.marks else ()
        lines = [line for line in can if line.split()[1] == verb]
        branch = here.branch.id if here.branch is not None else ""
        if lines:
            return str(next((line for line in lines if branch and shell_line([branch]) in line), lines[0]))
        given = {"{run}": here.run_id, "{branch}": branch, "{subject}": str(here.subject or "")}
        words = cls.cli.split()
        if any((name in word and not value) or word.isupper() for word in words for name, value in given.items()):
            return ""
        for name, value in given.items():
            words = [word.replace(name, value) for word in words]
        return shell_line(words)

    @classmethod
    def key_shown(cls) -> str:
        """The key as people write it."""
        return cls.key_display or cls.key.split(",")[0]
