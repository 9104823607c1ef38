"""Moving about: rows, pages, panes, screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from console.commands.base import Command, Group, Waits
from console.here import Here
from console.screen_names import SCREEN_NAMES, ScreenName
from console.screen_roles import HasPane

if TYPE_CHECKING:
    from console.desk import Desk
    from console.widgets.rows import Rows


class _Move(Command):
    """Moves the cursor."""

    group = Group.MOVE
    waits = Waits.ROWS

    @classmethod
    def go(cls, rows: Rows) -> None:
        """Move in these rows."""

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Move in the rows that have the focus."""
        cls.go(desk.focus.rows)


class Down(_Move):
    """Next row."""

    id = "down"
    key = "j,down"
    key_display = "j"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """One down."""
        rows.move(1)


class Up(_Move):
    """Row before."""

    id = "up"
    key = "k,up"
    key_display = "k"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """One up."""
        rows.move(-1)


class PageDown(_Move):
    """Half a page down; page down a whole one."""

    id = "half_page_down"
    key = "ctrl+d"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """Half a page."""
        rows.move(max(1, rows.page // 2))


class PageUp(_Move):
    """Half a page up; page up a whole one."""

    id = "half_page_up"
    key = "ctrl+u"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """Half a page."""
        rows.move(-max(1, rows.page // 2))


class WholePageDown(_Move):
    """A page down."""

    id = "page_down"
    key = "pagedown"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """A page."""
        rows.move(rows.page)


class WholePageUp(_Move):
    """A page up."""

    id = "page_up"
    key = "pageup"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """A page."""
        rows.move(-rows.page)


class Prefix(Command):
    """{go_prefix} goes to the top, {graph} to the graph."""

    id = "go_prefix"
    key = "g"
    group = Group.MOVE
    key_display = "gg"
    waits = Waits.ROWS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Both are handled where chords are."""


class Top(_Move):
    """First row."""

    id = "top"
    key = "home"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """To the first."""
        rows.go(0)


class Bottom(_Move):
    """Last row."""

    id = "bottom"
    key = "G,end"
    key_display = "G"

    @classmethod
    def go(cls, rows: Rows) -> None:
        """To the last."""
        rows.go(len(rows.source) - 1)


class Enter(Command):
    """Opens what is under the cursor."""

    id = "enter"
    key = "enter"
    label = "open"
    group = Group.MOVE

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Enter the row."""
        desk.focus.rows.enter()


class Back(Command):
    """Leaves a page, a filter, marks; else nothing."""

    id = "back"
    key = "escape"
    group = Group.MOVE
    key_display = "esc"
    waits = Waits.ROWS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Go back one step."""
        desk.view.back()


class NextArea(Command):
    """To the next pane on the screen."""

    id = "next_area"
    key = "tab"
    group = Group.MOVE
    label = "panes"
    waits = Waits.ROWS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Move the focus."""
        desk.focus.move(1)


class PreviousArea(Command):
    """To the pane before on the screen."""

    id = "previous_area"
    key = "shift+tab"
    group = Group.MOVE
    waits = Waits.ROWS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Move the focus."""
        desk.focus.move(-1)


class _PaneStep(Command):
    group = Group.MOVE
    screens = frozenset({"runs"})
    by: ClassVar[int] = 1

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Step through the panes."""
        view = desk.view
        if isinstance(view, HasPane):
            view.step_pane(cls.by)


class NextPane(_PaneStep):
    """Next pane of details."""

    id = "next_pane"
    key = "right_square_bracket"
    key_display = "]"


class PreviousPane(_PaneStep):
    """Pane of details before."""

    id = "previous_pane"
    key = "left_square_bracket"
    key_display = "["
    by = -1


def _screen(name: ScreenName) -> type[Command]:
    """The command that shows a numbered screen."""

    class ToScreen(Command):
        __doc__ = f"Screen {name.title}."
        id = name.command_id
        key = str(name.number)
        group = Group.MOVE
        waits = Waits.NOTHING

        @classmethod
        def run(cls, desk: Desk, here: Here) -> None:
            desk.go_to(name.id)

    return ToScreen


SCREENS: tuple[type[Command], ...] = tuple(_screen(name) for name in SCREEN_NAMES)

COMMANDS: tuple[type[Command], ...] = (
    Enter,
    Down,
    Up,
    PageDown,
    PageUp,
    WholePageDown,
    WholePageUp,
    Prefix,
    Top,
    Bottom,
    Back,
    NextArea,
    PreviousArea,
    NextPane,
    PreviousPane,
    *SCREENS,
)
