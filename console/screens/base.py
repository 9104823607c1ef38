"""What a numbered screen is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.widget import Widget

from console.commands.base import Here

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from console.widgets.rows import Rows

NARROW, MEDIUM = 90, 140
"""Up to so many columns: one pane; list and one detail. Wider: three panes."""


class NumberedScreen(Widget):
    """One numbered screen. It reads through the feed of the app and draws what it got."""

    number: ClassVar[int]
    name_id: ClassVar[str]
    title: ClassVar[str]
    short: ClassVar[str]
    """The title in narrow terminals."""

    @property
    def console_app(self) -> ForkjoinApp:
        """The app, by its own type."""
        from console.app import ForkjoinApp

        app = self.app
        assert isinstance(app, ForkjoinApp)
        return app

    @property
    def rows(self) -> Rows:
        """The list the keys act on."""
        raise LookupError(self.name_id)

    def count(self) -> str:
        """What the tab shows after the title."""
        return ""

    def opened(self) -> None:
        """The screen comes into sight: read what it shows."""
        self.changed()

    def changed(self) -> None:
        """The store changed: read again what is in sight."""

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
        return Here(screen=self.name_id, read_only=self.console_app.read_only)

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
