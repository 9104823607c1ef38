"""What a numbered screen is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.widget import Widget

from console.here import Here
from console.screen_names import ScreenName
from console.widgets.rows import Rows

if TYPE_CHECKING:
    from console.desk import Desk

NARROW, MEDIUM = 90, 140
"""Up to so many columns: one pane; list and one detail. Wider: three panes."""


class NumberedScreen(Widget):
    """One numbered screen. It reads through the feed of the app and draws what it got."""

    screen_name: ClassVar[ScreenName]

    @property
    def name_id(self) -> str:
        """Name of the screen in the table of screen names."""
        return self.screen_name.id

    @property
    def title(self) -> str:
        """How people call it."""
        return self.screen_name.title

    def __init__(self, desk: Desk, **how: Any) -> None:
        super().__init__(**how)
        self.desk = desk
        self.look = desk.options.look

    @property
    def rows(self) -> Rows:
        """The list the keys act on."""
        raise LookupError(self.name_id)

    @property
    def areas_shown(self) -> int:
        """How many lists and panes are on the screen."""
        return sum(rows.is_on_screen for rows in self.query(Rows))

    def opened(self) -> None:
        """The screen comes into sight: read what it shows."""
        self.changed()

    def changed(self) -> None:
        """The store changed: read again what is in sight."""

    def show_new(self) -> None:
        """Show what came since the screen was read."""
        self.changed()

    def touched(self) -> None:
        """A key was pressed."""

    def reads(self) -> bool:
        """Whether what is under the cursor, or about it, is still being read."""
        return False

    def reads_pane(self) -> bool:
        """Whether the keys act on rows that are still being read."""
        return False

    def tick(self) -> None:
        """A second passed: draw times anew."""
        self.rows.redraw_changed()

    def here(self) -> Here:
        """What the keys act on."""
        return Here(screen=self.name_id, read_only=self.desk.options.read_only, keys=self.desk.keymap)

    def back(self) -> bool:
        """Leave a page or a filter inside the screen; False if there is none."""
        return False

    def entered(self, rows: Any) -> None:
        """Enter was pressed on a row."""

    def chosen(self, rows: Any) -> None:
        """Another row was chosen."""

    def shape(self, width: int, height: int) -> None:
        """The size of the terminal changed."""
        self.set_class(width <= NARROW, "narrow")
        self.set_class(NARROW < width <= MEDIUM, "medium")
        self.set_class(width > MEDIUM, "wide")
