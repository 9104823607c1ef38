"""Which runs are listed and how: filter, order, columns, saved views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.commands.base import Command, Group, Here

if TYPE_CHECKING:
    from console.app import ForkjoinApp

RUNS = frozenset({"runs"})


class Filter(Command):
    """Filters the runs, in the language of --where; in a pane of details finds a text. {back} clears it."""

    id = "filter"
    key = "slash"
    label = "filter"
    group = Group.LOOK
    key_display = "/"
    screens = RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask on the line above the footer."""
        view: Any = app.view
        if view.area.focused_box is view.area.box:
            app.ask_line("/", view.area.searched, view.find)
        else:
            app.ask_line("/", view.where, view.filter_by)


class ProblemsOnly(Command):
    """Shows only runs that need attention, or all again."""

    id = "problems"
    key = "exclamation_mark"
    label = "attention"
    group = Group.LOOK
    key_display = "!"
    screens = RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Switch over."""
        view: Any = app.view
        view.problems_only = not view.problems_only
        view.reorder()


class Sort(Command):
    """Sorts by attention, last change, age, next wake, id, in turn."""

    id = "sort"
    key = "s"
    group = Group.LOOK
    screens = RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """The next order."""
        from console.screens.runs.lines import SORT_WORDS
        from console.screens.runs.screen import SORTS

        view: Any = app.view
        view.sort = SORTS[(SORTS.index(view.sort) + 1) % len(SORTS)]
        view.reorder()
        app.say(f"Sorted: {SORT_WORDS[view.sort]}.")


class ColumnsMenu(Command):
    """Shows or hides columns."""

    id = "columns"
    key = "c"
    group = Group.LOOK
    screens = RUNS

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

    id = "saved_views"
    key = "b"
    group = Group.LOOK
    screens = RUNS

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


COMMANDS: tuple[type[Command], ...] = (
    ProblemsOnly,
    Filter,
    Sort,
    ColumnsMenu,
    SavedViews,
)
