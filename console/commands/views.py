"""How things are shown: filter, sort, columns, saved views, zones, marks, copies, help, palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.commands.base import Command, Group, Here, Possible
from console.times import Zone

if TYPE_CHECKING:
    from console.app import ForkjoinApp

RUNS = frozenset({"runs"})


class Help(Command):
    """The keys of this screen."""

    id, key, label, group, shown = "help", "question_mark", "help", Group.CONSOLE, "?"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open help."""
        from console.palette import help_dialog

        app.open_dialog(help_dialog(app, here), app.performing(here))


class Actions(Command):
    """What can be done here, and why the rest cannot."""

    id, key, label, group = "actions", "a", "all actions", Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open the menu."""
        from console.palette import action_menu

        app.open_dialog(action_menu(app, here), app.performing(here))


class Filter(Command):
    """Filters the runs, in the language of --where; in a pane of details finds a text. esc clears it."""

    id, key, label, group, shown, screens = "filter", "slash", "filter", Group.LOOK, "/", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask on the line above the footer."""
        view: Any = app.view
        if view.area.focused_box is view.area.box:
            app.ask_line("/", view.area.searched, view.find)
        else:
            app.ask_line("/", view.where, view.filter_by)


class Prompt(Command):
    """Types a command of this console, with completion."""

    id, key, label, group, shown = "prompt", "colon", "command", Group.CONSOLE, ":"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask on the line above the footer."""
        from console.palette import run_typed, suggestions

        app.ask_line(":", "", lambda text: run_typed(app, here, text), suggestions(app))


class Palette(Command):
    """Finds any command by its name."""

    id, key, group = "palette", "ctrl+p", Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open the palette."""
        from console.palette import palette_dialog

        app.open_dialog(palette_dialog(app, here), app.performing(here))


class ProblemsOnly(Command):
    """Shows only runs that need attention, or all again."""

    id, key, label, group, shown, screens = "problems", "exclamation_mark", "attention", Group.LOOK, "!", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Switch over."""
        view: Any = app.view
        view.problems_only = not view.problems_only
        view.reorder()


class Sort(Command):
    """Sorts by attention, last change, age, next wake, id, in turn."""

    id, key, group, screens = "sort", "s", Group.LOOK, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """The next order."""
        from console.screens.run_lines import SORT_WORDS
        from console.screens.runs import SORTS

        view: Any = app.view
        view.sort = SORTS[(SORTS.index(view.sort) + 1) % len(SORTS)]
        view.reorder()
        app.say(f"Sorted: {SORT_WORDS[view.sort]}.")


class ColumnsMenu(Command):
    """Shows or hides columns."""

    id, key, group, screens = "columns", "c", Group.LOOK, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Choose one to switch."""
        from console.dialogs.menu import Item, MenuDialog

        view: Any = app.view
        names = ("WORKFLOW", "WAKE", "AGE")
        items = [Item(n, "hidden" if n in view.source.hidden else "shown where there is room", n) for n in names]

        def take(name: str | None) -> None:
            if name:
                view.source.hide(view.source.hidden ^ {name})
                view.list.refresh()

        app.open_dialog(MenuDialog(app.look, "Columns: enter shows or hides one", items), take)


class SavedViews(Command):
    """Goes to a saved view: a filter and an order under a name."""

    id, key, group, screens = "saved_views", "b", Group.LOOK, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Those built in, then those of the settings file."""
        from console.dialogs.menu import Item, MenuDialog
        from console.saved_views import saved_views

        views = saved_views()
        items = [Item(v.name, f"{v.where or 'no filter'}, {v.sort}", v) for v in views]

        def take(chosen: Any) -> None:
            if chosen:
                view: Any = app.view
                view.where, view.sort = chosen.where, chosen.sort
                view.problems_only = False
                view.reorder()

        note = 'Own ones: [views] in the settings file, like  night = "status:failed !flow:test*"'
        app.open_dialog(MenuDialog(app.look, "Saved views", items, note=note), take)


class NextMatch(Command):
    """To the next run that needs attention; in a pane to the next line found."""

    id, key, group, screens = "next_match", "n", Group.MOVE, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Forward."""
        view: Any = app.view
        view.to_problem(1)


class PreviousMatch(Command):
    """To the run before that needs attention."""

    id, key, group, screens = "previous_match", "N", Group.MOVE, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Back."""
        view: Any = app.view
        view.to_problem(-1)


class Mark(Command):
    """Marks the run for an act on many, or takes the mark away."""

    id, key, group, shown, screens = "mark", "space", Group.MOVE, "space", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Mark and go on."""
        view: Any = app.view
        view.mark()


class MarkRange(Command):
    """Marks all runs from the last mark to here."""

    id, key, group, screens = "mark_range", "V", Group.MOVE, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Mark the range."""
        view: Any = app.view
        view.mark_range()


class MarkAll(Command):
    """Marks every run that matches the filter; again takes all marks away."""

    id, key, group, shown, screens = "mark_all", "asterisk", Group.MOVE, "*", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Mark all."""
        view: Any = app.view
        view.mark_all()


class ShowNew(Command):
    """Shows new rows; the list is put in order again."""

    id, key, group, shown = "show_new", "full_stop", Group.LOOK, "."

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Read the order anew."""
        view: Any = app.view
        if getattr(view, "reading", None) is not None:
            view.reading.logs(again=True)
        getattr(view, "reorder", view.changed)()


class ZoneTurn(Command):
    """Shows times as spans, in local time, in UTC, in turn."""

    id, key, group = "zone", "z", Group.LOOK

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """The next zone."""
        zones = list(Zone)
        app.set_zone(zones[(zones.index(app.zone) + 1) % len(zones)])


class Enlarge(Command):
    """Gives the pane with the focus the whole screen."""

    id, key, group, shown, screens = "enlarge", "plus", Group.LOOK, "+", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Enlarge."""
        view: Any = app.view
        view.enlarge(enlarged=True)


class Reduce(Command):
    """Gives the other panes their room back."""

    id, key, group, shown, screens = "reduce", "underscore", Group.LOOK, "_", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Reduce."""
        view: Any = app.view
        view.enlarge(enlarged=False)


class Follow(Command):
    """Keeps the end of history, polls or logs in sight."""

    id, key, group = "follow", "f", Group.LOOK

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Switch over."""
        app.follow = not app.follow
        app.say("Following: the end stays in sight." if app.follow else "Not following any more.")
        app.view.changed()


class Copy(Command):
    """Copies a value to the clipboard of the terminal (OSC 52)."""

    id, key, label, group = "copy", "y", "copy", Group.LOOK

    @classmethod
    def possible(cls, here: Here) -> Possible:
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


class Compare(Command):
    """Compares two marked runs."""

    id, key, group, shown, screens = "compare", "equals_sign", Group.LOOK, "=", RUNS

    @classmethod
    def possible(cls, here: Here) -> Possible:
        """Exactly two must be marked."""
        two = len(here.marks) == 2
        return Possible(
            two, cls.text() if two else f"{len(here.marks)} runs are marked; space marks one, two are compared."
        )

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Show both side by side."""
        from console.dialogs.comparing import compare

        compare(app, here.marks[0], here.marks[1])


class CommandLog(Command):
    """The equal commands of what was done in this session."""

    id, key, group, shown = "command_log", "at", Group.CONSOLE, "@"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Show them."""
        from console.dialogs.menu import Item, MenuDialog

        items = [Item(str(n), line, line) for n, line in enumerate(app.dispatch_acts.commands, 1)]
        items = items or [Item("", "Nothing was changed in this session.")]
        app.open_dialog(
            MenuDialog(app.look, "Commands of this session; enter copies one", items, mark=4), app.copy_text
        )


class Quit(Command):
    """Leaves the console; runs go on."""

    id, key, group = "quit", "q", Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Leave a page first, then the console."""
        if not app.view.back():
            app.leave()


class QuitNow(Command):
    """Leaves the console at once."""

    id, key, group, always = "quit_now", "ctrl+q", Group.CONSOLE, True

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Leave."""
        app.leave()


class Suspend(Command):
    """Puts the console in the background of the shell; fg brings it back."""

    id, key, group = "suspend", "ctrl+z", Group.CONSOLE

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Not in read-only or restricted sessions."""
        if app.read_only or app.restricted:
            app.say("ctrl+z: this session has no shell to go to.", trouble=True)
        else:
            app.action_suspend_process()


class _Pan(Command):
    group, screens = Group.MOVE, RUNS
    zoom_by, pan_by = 1.0, 0.0

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Zoom or pan the timeline and the graph."""
        view: Any = app.view
        view.area.zoom_pan(cls.zoom_by, cls.pan_by)


class ZoomIn(_Pan):
    """Magnifies the timeline."""

    id, key, shown, zoom_by = "zoom_in", "greater_than_sign", ">", 2.0


class ZoomOut(_Pan):
    """Shows more of the timeline."""

    id, key, shown, zoom_by = "zoom_out", "less_than_sign", "<", 0.5


class PanLeft(_Pan):
    """Earlier in the timeline; left in the graph."""

    id, key, pan_by = "pan_left", "left", -0.25


class PanRight(_Pan):
    """Later in the timeline; right in the graph."""

    id, key, pan_by = "pan_right", "right", 0.25


COMMANDS: tuple[type[Command], ...] = (
    ProblemsOnly,
    Filter,
    Prompt,
    Help,
    Actions,
    Copy,
    Palette,
    Sort,
    ColumnsMenu,
    SavedViews,
    ZoneTurn,
    Enlarge,
    Reduce,
    Follow,
    Compare,
    ShowNew,
    NextMatch,
    PreviousMatch,
    Mark,
    MarkRange,
    MarkAll,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    CommandLog,
    Quit,
    QuitNow,
    Suspend,
)
