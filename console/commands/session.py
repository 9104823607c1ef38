"""Commands of the console itself: help, palette, typed commands, copies, times, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands.base import Command, Group, Possible, Waits
from console.commands.copying import copier, copy_menu
from console.dialogs.menu import Item, MenuDialog
from console.here import Here
from console.times import Zone

if TYPE_CHECKING:
    from console.desk import Desk

RUNS = frozenset({"runs"})


class Help(Command):
    """The keys of this screen."""

    id = "help"
    key = "question_mark"
    label = "help"
    group = Group.CONSOLE
    key_display = "?"

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open help."""
        desk.menus.help(here)


class Actions(Command):
    """What can be done here, and why the rest cannot."""

    id = "actions"
    key = "a"
    group = Group.CONSOLE

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open the menu."""
        desk.menus.actions(here)


class Prompt(Command):
    """Types a command of this console, with completion."""

    id = "prompt"
    key = "colon"
    label = "command"
    group = Group.CONSOLE
    key_display = ":"

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Ask on the line above the footer."""
        desk.menus.prompt(here)


class Palette(Command):
    """Finds any command by its name."""

    id = "palette"
    key = "ctrl+p"
    group = Group.CONSOLE

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open the palette."""
        desk.menus.palette(here)


class ShowNew(Command):
    """Shows new rows; the list is put in order again."""

    id = "show_new"
    key = "full_stop"
    group = Group.LOOK
    key_display = "."

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Read the order anew."""
        desk.view.show_new()


class ZoneTurn(Command):
    """Shows times as spans, in local time, in UTC, in turn."""

    id = "zone"
    key = "z"
    group = Group.LOOK

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """The next zone."""
        zones = list(Zone)
        desk.modes.zone = zones[(zones.index(desk.modes.zone) + 1) % len(zones)]
        desk.say(
            {"relative": "Times as spans.", "local": "Times of this machine.", "utc": "Times in UTC."}[desk.modes.zone]
        )
        desk.view.changed()
        desk.view.tick()


class Copy(Command):
    """Copies a value to the clipboard of the terminal (OSC 52)."""

    id = "copy"
    key = "y"
    group = Group.LOOK

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Something must be selected."""
        return Possible(
            here.run is not None or here.subject is not None,
            cls.text() if here.run or here.subject else "nothing is selected.",
        )

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Choose what to copy."""
        copy_menu(desk, here)


class CommandLog(Command):
    """The equal commands of what was done in this session."""

    id = "command_log"
    key = "at"
    group = Group.CONSOLE
    key_display = "@"

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Show them."""
        items = [Item(str(n), line, line) for n, line in enumerate(desk.acts.commands, 1)]
        items = items or [Item("", "Nothing was changed in this session.")]
        desk.open_dialog(MenuDialog(desk, "Commands of this session; enter copies one", items, mark=4), copier(desk))


class Quit(Command):
    """Leaves the console; runs go on."""

    id = "quit"
    key = "q"
    group = Group.CONSOLE
    waits = Waits.ROWS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Leave a page first, then the console."""
        if not desk.view.back():
            desk.leave()


class QuitNow(Command):
    """Leaves the console at once."""

    id = "quit_now"
    key = "ctrl+q"
    group = Group.CONSOLE
    always = True
    waits = Waits.NOTHING

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Leave."""
        desk.leave()


class Interrupt(Command):
    """Leaves what is open and says how to quit; the first q after it quits, wherever that is."""

    id = "interrupt"
    key = "ctrl+c"
    group = Group.CONSOLE
    always = True

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """A habit of the fingers must neither end the console nor go unanswered."""
        if selected := desk.focus.selected_text:
            desk.terminal.copy(selected)
            desk.say("Copied what is chosen.")
            return
        desk.focus.close_input()
        desk.modes.interrupted = True
        desk.say(f"{Quit.key_shown()} quits the console now; the runs go on.")


class Suspend(Command):
    """Puts the console in the background of the shell; fg brings it back."""

    id = "suspend"
    key = "ctrl+z"
    group = Group.CONSOLE

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Not in read-only or restricted sessions."""
        if desk.options.read_only or desk.options.restricted:
            desk.say(f"{here.key('suspend')}: this session has no shell to go to.", trouble=True)
        else:
            desk.terminal.suspend()


COMMANDS: tuple[type[Command], ...] = (
    Prompt,
    Help,
    Actions,
    Copy,
    Palette,
    ZoneTurn,
    ShowNew,
    CommandLog,
    Quit,
    QuitNow,
    Interrupt,
    Suspend,
)
