"""Where dialogs stand: a page at 80 columns, below the list in wider terminals, never over the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from console.theme import Line
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.desk import Desk

T = TypeVar("T")
WIDE_COLUMNS = 78
NARROW = 90
LIST_ROWS = 9
"""Header, tabs, column names and six runs."""


class Dialog(ModalScreen[T]):
    """A dialog; escape leaves everything as it is."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "close", "close", show=False),
        Binding("tab", "app.focus_next", "next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "before", show=False, priority=True),
        Binding("ctrl+q", "app.quit", "quit", show=False, priority=True),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.look = desk.options.look
        self.opened = False
        """Whether it stands with its focus set: keys typed ahead wait for that."""

    def on_mount(self) -> None:
        """Take its place, and be filled; a console that closes meanwhile gives a dialog no parts to fill."""
        if self.is_attached:
            self.place()
            self.fill()
            self.opened = True

    def fill(self) -> None:
        """What a kind of dialog shows first, and where its focus is."""

    def place(self) -> None:
        """Take the room the layout gives a dialog."""
        body = self.query_one("#body", VerticalScroll)
        width, height = self.app.size
        if width <= NARROW:
            body.styles.width, body.styles.height = width, height
        else:
            # As high as the details at least, so that it hides them whole; the first rows of the list stay in sight.
            body.styles.width = width if width <= 140 else min(WIDE_COLUMNS, (width - 2) // 2)
            body.styles.height = "auto"
            body.styles.min_height = max(10, height - 5 - (height - 6) // 2)
            body.styles.max_height = max(10, height - LIST_ROWS)

    def on_resize(self) -> None:
        """Another size."""
        if self.opened:
            self.place()

    def tick(self) -> None:
        """A second passed."""

    def reads(self) -> bool:
        """Whether the next key must wait for something that is being read."""
        return False

    def rehearse(self) -> None:
        """Work out anew what the act would do; a dialog that acts on nothing has nothing to work out."""

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def title_line(self, text: str, width: int) -> Line:
        """A title with a rule to the right."""
        shown = clean(text, 200)
        return ((shown + " ", "bold"), (self.look.rule(width - len(shown) - 1), "dim"))
