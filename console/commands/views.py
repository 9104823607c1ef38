"""Which runs are listed and how: filter, order, columns, saved views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands.base import Command, Group
from console.dialogs.menu import Item, MenuDialog
from console.here import Here
from console.saved_views import SavedView, saved_views
from console.screen_roles import HasOrder, HasPane

if TYPE_CHECKING:
    from console.desk import Desk

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
    def run(cls, desk: Desk, here: Here) -> None:
        """Ask on the line above the footer."""
        view = desk.view
        if isinstance(view, HasPane) and view.in_pane:
            desk.ask_line("/", view.searched, view.find)
        elif isinstance(view, HasOrder):
            desk.ask_line("/", view.where, view.filter_by)


class ProblemsOnly(Command):
    """Shows only runs that need attention, or all again."""

    id = "problems"
    key = "exclamation_mark"
    label = "attention"
    group = Group.LOOK
    key_display = "!"
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Switch over."""
        view = desk.view
        if isinstance(view, HasOrder):
            view.turn_problems_only()


class Sort(Command):
    """Sorts by attention, last change, age, next wake, id, in turn."""

    id = "sort"
    key = "s"
    group = Group.LOOK
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """The next order."""
        view = desk.view
        if isinstance(view, HasOrder):
            desk.say(f"Sorted: {view.next_sort()}.")


class ColumnsMenu(Command):
    """Shows or hides columns."""

    id = "columns"
    key = "c"
    group = Group.LOOK
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Choose one to switch."""
        view = desk.view
        if not isinstance(view, HasOrder):
            return
        hidden, turn = view.hidden_columns, view.turn_column
        names = ("WORKFLOW", "WAKE", "AGE")
        items = [Item(n, "hidden" if n in hidden else "shown where there is room", n) for n in names]

        def take(name: str | None) -> None:
            if name:
                turn(name)

        desk.open_dialog(MenuDialog(desk, "Columns: enter shows or hides one", items), take)


class SavedViews(Command):
    """Goes to a saved view: a filter and an order under a name."""

    id = "saved_views"
    key = "b"
    group = Group.LOOK
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Those built in, then those of the settings file."""
        views = saved_views()
        items = [Item(v.name, f"{v.where or 'no filter'}, {v.sort}", v) for v in views]

        def take(chosen: SavedView | None) -> None:
            view = desk.view
            if chosen and isinstance(view, HasOrder):
                view.show_saved(chosen)

        note = 'Own ones: [views] in the settings file, like  night = "status:failed !flow:test*"'
        desk.open_dialog(MenuDialog(desk, "Saved views", items, note=note), take)


COMMANDS: tuple[type[Command], ...] = (
    ProblemsOnly,
    Filter,
    Sort,
    ColumnsMenu,
    SavedViews,
)
