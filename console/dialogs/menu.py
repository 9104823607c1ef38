"""A list to choose from: actions, palette, help, saved views, columns, what to copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Input

from console.dialogs.base import LIST_ROWS, NARROW, Dialog
from console.theme import Line, fit
from console.widgets.bar import Bar
from console.widgets.line import LineInput
from console.widgets.rows import Lines, Rows
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.desk import Desk

MARK = 14


@dataclass(frozen=True)
class Item:
    """A line of a menu; without a value it is a heading or an explanation."""

    name: str
    text: str
    value: Any = None
    style: str = ""


class MenuDialog(Dialog[Any]):
    """Gives the value of the chosen line, or None."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("ctrl+d,pagedown", "page(1)", show=False),
        Binding("ctrl+u,pageup", "page(-1)", show=False),
        Binding("enter", "choose", show=False),
        Binding("slash", "search", show=False),
        Binding("q", "close", show=False),
    ]

    def __init__(
        self, desk: Desk, title: str, items: Sequence[Item], *, search: bool = False, note: str = "", mark: int = MARK
    ) -> None:
        super().__init__(desk)
        self.menu_title = title
        self.items = list(items)
        self.search_first = search
        self.note = note
        self.mark = mark
        self.shown: list[Item] = list(items)

    def compose(self) -> ComposeResult:
        """Title, search, lines."""
        with VerticalScroll(id="body", can_focus=False):
            yield Bar(self.look, lambda width: [self.title_line(self.menu_title, width)])
            yield LineInput(
                id="search",
                compact=True,
                placeholder="type to find" if self.search_first else "/ finds",
                select_on_focus=False,
            )
            yield Rows(self.look, id="menu")
            if self.note:
                yield Bar(self.look, lambda width: [((clean(self.note, 300), "dim"),)])

    def place(self) -> None:
        """As high as its lines, but never more than a dialog may be."""
        super().place()
        room = self.app.size.height if self.app.size.width <= NARROW else max(10, self.app.size.height - LIST_ROWS)
        self.query_one("#menu", Rows).styles.height = max(3, min(len(self.items), room - (4 if self.note else 3)))

    def fill(self) -> None:
        """Draw, and focus on the lines or the search."""
        self._draw("")
        self.set_focus(self.query_one("#search" if self.search_first else "#menu"))

    def _draw(self, wanted: str) -> None:
        words = wanted.lower().split()
        self.shown = [i for i in self.items if all(w in f"{i.name} {i.text}".lower() for w in words)]
        lines: list[Line] = [
            (
                (fit(clean(i.name, 60), self.mark), "bold" if i.value is not None else i.style),
                (clean(i.text, 400), i.style),
            )
            for i in self.shown
        ]
        rows = self.query_one("#menu", Rows)
        rows.active = True
        rows.show(Lines(lines, list(range(len(lines)))), keep=False)
        first = next((n for n, i in enumerate(self.shown) if i.value is not None), 0)
        rows.go(first)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the lines."""
        self._draw(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the search takes the first line."""
        self.action_choose()

    def action_move(self, by: int) -> None:
        """Up and down."""
        self.query_one("#menu", Rows).move(by)

    def action_page(self, by: int) -> None:
        """A page."""
        rows = self.query_one("#menu", Rows)
        rows.move(by * rows.page)

    def action_search(self) -> None:
        """Find a line."""
        self.set_focus(self.query_one("#search"))

    def action_choose(self) -> None:
        """Take the line under the cursor."""
        rows = self.query_one("#menu", Rows)
        if rows.cursor < len(self.shown) and self.shown[rows.cursor].value is not None:
            self.dismiss(self.shown[rows.cursor].value)
