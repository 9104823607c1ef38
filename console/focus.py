"""Where the keys go: the focus among rows, input lines and dialogs."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.widgets import Input

from console.dialogs.base import Dialog
from console.widgets.prompt import PromptLine
from console.widgets.rows import Rows


class ScreenFocus:
    """The focus of a Textual app; without rows that have it, `default_rows` are meant."""

    def __init__(self, app: App[int], default_rows: Callable[[], Rows]) -> None:
        self._app = app
        self._default_rows = default_rows

    @property
    def rows(self) -> Rows:
        """The rows that the movement keys move in."""
        focused = self._app.focused
        return focused if isinstance(focused, Rows) else self._default_rows()

    @property
    def in_text(self) -> bool:
        """Whether the focus is in rows without a cursor: a text that is scrolled."""
        focused = self._app.focused
        return isinstance(focused, Rows) and not focused.with_cursor

    @property
    def selected_text(self) -> str:
        """Text selected in the input with the focus; empty without one."""
        focused = self._app.focused
        return focused.selected_text if isinstance(focused, Input) else ""

    def move(self, by: int) -> None:
        """Give the focus to the next rows on the screen (1), or to those before (-1)."""
        if by > 0:
            self._app.screen.focus_next("Rows")
        else:
            self._app.screen.focus_previous("Rows")

    def close_input(self) -> None:
        """Close the dialog or the input line that is open, if one is, and change nothing."""
        if isinstance(self._app.screen, Dialog):
            self._app.screen.action_close()
        elif isinstance(self._app.focused, PromptLine):
            self._app.focused.action_close()

    def mark_active_rows(self) -> None:
        """Draw the cursor row reversed only in the rows that have the focus."""
        for rows in self._app.screen.query(Rows):
            if rows.active != rows.has_focus:
                rows.active = rows.has_focus
                rows.refresh()
