"""Commands of the console itself: help, palette, typed commands, copies, times, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.commands.base import Command, Group, Here, Possible, Waits
from console.times import Zone

if TYPE_CHECKING:
    from console.app import ForkjoinApp

RUNS = frozenset({"runs"})


class Help(Command):
    """The keys of this screen."""

    id = "help"
    key = "question_mark"
    label = "help"
    group = Group.CONSOLE
    key_display = "?"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open help."""
        from console.palette import help_dialog

        app.open_dialog(help_dialog(app, here), app.keys.performing(here))


class Actions(Command):
    """What can be done here, and why the rest cannot."""

    id = "actions"
    key = "a"
    group = Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open the menu."""
        from console.palette import action_menu

        app.open_dialog(action_menu(app, here), app.keys.performing(here))


class Prompt(Command):
    """Types a command of this console, with completion."""

    id = "prompt"
    key = "colon"
    label = "command"
    group = Group.CONSOLE
    key_display = ":"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask on the line above the footer."""
        from console.palette import run_typed, suggestions

        app.ask_line(":", "", lambda text: run_typed(app, here, text), suggestions(app))


class Palette(Command):
    """Finds any command by its name."""

    id = "palette"
    key = "ctrl+p"
    group = Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open the palette."""
        from console.palette import palette_dialog

        app.open_dialog(palette_dialog(app, here), app.keys.performing(here))


class ShowNew(Command):
    """Shows new rows; the list is put in order again."""

    id = "show_new"
    key = "full_stop"
    group = Group.LOOK
    key_display = "."

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Read the order anew."""
        view: Any = app.view
        if getattr(view, "reading", None) is not None:
            view.reading.logs(again=True)
        getattr(view, "reorder", view.changed)()


class ZoneTurn(Command):
    """Shows times as spans, in local time, in UTC, in turn."""

    id = "zone"
    key = "z"
    group = Group.LOOK

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """The next zone."""
        zones = list(Zone)
        app.zone = zones[(zones.index(app.zone) + 1) % len(zones)]
        runs: Any = app.query_one("#view-runs")
        runs.source.zone = app.zone
        app.say({"relative": "Times as spans.", "local": "Times of this machine.", "utc": "Times in UTC."}[app.zone])
        app.view.changed()
        app.view.tick()


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
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Choose what to copy."""
        from console.copying import copy_menu

        copy_menu(app, here)


class CommandLog(Command):
    """The equal commands of what was done in this session."""

    id = "command_log"
    key = "at"
    group = Group.CONSOLE
    key_display = "@"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Show them."""
        from console.copying import copier
        from console.dialogs.menu import Item, MenuDialog

        items = [Item(str(n), line, line) for n, line in enumerate(app.dispatch_acts.commands, 1)]
        items = items or [Item("", "Nothing was changed in this session.")]
        app.open_dialog(MenuDialog(app.look, "Commands of this session; enter copies one", items, mark=4), copier(app))


class Quit(Command):
    """Leaves the console; runs go on."""

    id = "quit"
    key = "q"
    group = Group.CONSOLE
    waits = Waits.ROWS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Leave a page first, then the console."""
        if not app.view.back():
            app.leave()


class QuitNow(Command):
    """Leaves the console at once."""

    id = "quit_now"
    key = "ctrl+q"
    group = Group.CONSOLE
    always = True
    waits = Waits.NOTHING

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Leave."""
        app.leave()


class Interrupt(Command):
    """Leaves what is open and says how to quit; the first q after it quits, wherever that is."""

    id = "interrupt"
    key = "ctrl+c"
    group = Group.CONSOLE
    always = True

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """A habit of the fingers must neither end the console nor go unanswered."""
        from console.dialogs.base import Dialog
        from console.widgets.prompt import PromptLine

        if chosen := getattr(app.focused, "selected_text", ""):
            app.copy_to_clipboard(chosen)
            app.say("Copied what is chosen.")
            return
        if isinstance(app.screen, Dialog):
            app.screen.action_close()
        elif isinstance(app.focused, PromptLine):
            app.focused.action_close()
        app.keys.interrupted = True
        app.say(f"{Quit.key_shown()} quits the console now; the runs go on.")


class Suspend(Command):
    """Puts the console in the background of the shell; fg brings it back."""

    id = "suspend"
    key = "ctrl+z"
    group = Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Not in read-only or restricted sessions."""
        if app.read_only or app.restricted:
            app.say(f"{here.key('suspend')}: this session has no shell to go to.", trouble=True)
        else:
            app.action_suspend_process()


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
