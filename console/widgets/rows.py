"""A list of any length that draws only the rows in sight, and repaints only what changed of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.messages import RowHighlighted, RowOpened
from console.theme import SELECTED, Line, Look, crop, width_of


class Source(Protocol):
    """What a list draws."""

    def __len__(self) -> int: ...

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        """The row drawn in `width` cells."""
        ...

    def key(self, index: int) -> Any:
        """What the row is, whatever its place; None for a row nothing can be done with."""
        ...


@runtime_checkable
class FindsRows(Protocol):
    """A source that knows where a row stands without looking through all of them."""

    def index_of(self, key: Any) -> int | None:
        """Where the row with this key stands."""


@runtime_checkable
class MarksRows(Protocol):
    """A source whose rows can be marked."""

    def marked(self, index: int) -> bool:
        """Whether the row is marked."""


class Lines:
    """A source of ready lines, each with its key."""

    def __init__(self, lines: Sequence[Line] = (), keys: Sequence[Any] | None = None) -> None:
        self.lines = lines
        self.keys = keys

    def __len__(self) -> int:
        return len(self.lines)

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        """The row."""
        return self.lines[index]

    def key(self, index: int) -> Any:
        """Its key."""
        return self.keys[index] if self.keys is not None else None


class Rows(ScrollView, can_focus=True):
    """Rows with a cursor that stays with its row by key. Costs depend on the height of the screen alone."""

    def __init__(
        self, look: Look, *, head: Callable[[int], Line] | None = None, cursor: bool = True, **how: Any
    ) -> None:
        super().__init__(**how)
        self.look = look
        self.head = head
        self.with_cursor = cursor
        self.source: Source = Lines()
        self.cursor = 0
        self.active = True
        """Whether the keys act here: only then the row of the cursor is reversed, else it has `>`."""
        self._drawn: dict[int, Line] = {}

    @property
    def key(self) -> Any:
        """Key of the row under the cursor."""
        return self.source.key(self.cursor) if 0 <= self.cursor < len(self.source) else None

    @property
    def rows_in_sight(self) -> range:
        """Indexes of the rows that are drawn."""
        top = self.scroll_offset.y
        return range(top, min(len(self.source), top + self.page))

    @property
    def page(self) -> int:
        """Rows that fit."""
        return max(1, self.size.height - (1 if self.head else 0))

    def show(self, source: Source, *, at: Any = None, keep: bool = True) -> None:
        """Draw another source; the cursor goes to the row with key `at`, else stays with its key, else in place."""
        wanted = at if at is not None else (self.key if keep else None)
        self.source = source
        if wanted is not None:
            found = self.index_of(wanted)
            self.cursor = found if found is not None else self.cursor
        elif not keep:
            self.cursor = 0
        self.cursor = max(0, min(self.cursor, len(source) - 1))
        self.virtual_size = Size(self.size.width, len(source) + (1 if self.head else 0))
        self._into_sight(jump=False)
        self._drawn.clear()
        self.refresh()

    def index_of(self, key: Any) -> int | None:
        """Where the row with this key stands."""
        if isinstance(self.source, FindsRows):
            return self.source.index_of(key)
        return next((i for i in range(len(self.source)) if self.source.key(i) == key), None)

    def redraw_changed(self) -> int:
        """Repaint the spans of the rows in sight that would be drawn differently now; gives their number."""
        changed = 0
        for index in self.rows_in_sight:
            y = index - self.scroll_offset.y + (1 if self.head else 0)
            old = self._drawn.get(y)
            new = self._line(index)
            if old == new:
                continue
            # Not known what stands there: a resize may be told of after the rows were painted for it.
            start, end = _span(old, new) if old is not None else (0, self.size.width)
            self.refresh(Region(start, y, max(1, end - start), 1))
            changed += 1
        return changed

    def _line(self, index: int) -> Line:
        width = self.size.width
        chosen = self.with_cursor and index == self.cursor
        marked = isinstance(self.source, MarksRows) and self.source.marked(index)
        mark = "*" if marked else ">" if chosen else " "
        inner = self.source.line(index, width - 1, selected=chosen)
        return ((mark, ""), *inner) if self.with_cursor else self.source.line(index, width, selected=False)

    def render_line(self, y: int) -> Strip:
        """One line of the screen, as Textual asks for it."""
        width = self.size.width
        if self.head is not None:
            if y == 0:
                pad = ((" ", "head"),) if self.with_cursor else ()
                return self._strip((*pad, *self.head(width - len(pad))), width)
            index = self.scroll_offset.y + y - 1
        else:
            index = self.scroll_offset.y + y
        if index >= len(self.source):
            return Strip.blank(width)
        line = self._line(index)
        self._drawn[y] = line
        reverse = self.with_cursor and self.active and index == self.cursor
        return self._strip(line, width, reverse=reverse)

    def _strip(self, line: Line, width: int, *, reverse: bool = False) -> Strip:
        styles = self.look.styles
        shown = crop(line, width)
        if reverse:
            text = "".join(t for t, _ in shown)
            return Strip([Segment(text + " " * max(0, width - width_of(shown)), SELECTED)], width)
        segments = [Segment(t, styles[s]) for t, s in shown]
        return Strip(segments, width_of(shown)).extend_cell_length(width)

    def on_resize(self) -> None:
        """A new size: what was drawn is stale."""
        self.virtual_size = Size(self.size.width, len(self.source) + (1 if self.head else 0))
        self._drawn.clear()
        self._into_sight(jump=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Rows moved: what was drawn is stale."""
        self._drawn.clear()
        super().watch_scroll_y(old_value, new_value)

    def move(self, by: int) -> None:
        """Move the cursor, or without one the text."""
        if not self.with_cursor:
            self._scroll_text(self.scroll_offset.y + by)
            return
        self.go(self.cursor + by, jump=abs(by) == 1)

    def go(self, index: int, *, jump: bool = False) -> None:
        """Put the cursor on a row."""
        if not self.with_cursor:
            self._scroll_text(index)
            return
        index = max(0, min(index, len(self.source) - 1))
        if index == self.cursor:
            return
        old, self.cursor = self.cursor, index
        self._into_sight(jump=jump)
        for row in (old, index):
            y = row - self.scroll_offset.y + (1 if self.head else 0)
            self.refresh(Region(0, y, self.size.width, 1))
        self.post_message(RowHighlighted(self, index))

    def _scroll_text(self, top: int) -> None:
        # At once, and forced: there are no scroll bars, and the next key counts from where this one led.
        self.scroll_to(y=max(0, min(top, len(self.source) - self.page)), animate=False, force=True, immediate=True)

    def enter(self) -> None:
        """Enter the row of the cursor."""
        if len(self.source):
            self.post_message(RowOpened(self, self.cursor))

    def _into_sight(self, *, jump: bool) -> None:
        if not self.with_cursor:
            return
        top, page = self.scroll_offset.y, self.page
        # Half a page when the cursor leaves the window by one: a held key repaints a page once in a while only.
        extra = page // 2 if jump else 0
        if self.cursor < top:
            self.scroll_to(y=max(0, self.cursor - extra), animate=False, force=True)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1 + extra, animate=False, force=True)


def _span(old: Line, new: Line) -> tuple[int, int]:
    """Cells from the first to the last that differ."""
    start = 0
    for (a, style_a), (b, style_b) in zip(old, new, strict=False):
        if (a, style_a) != (b, style_b):
            break
        start += width_of(((a, style_a),))
    end = max(width_of(old), width_of(new))
    for (a, style_a), (b, style_b) in zip(reversed(old), reversed(new), strict=False):
        if (a, style_a) != (b, style_b) or end <= start:
            break
        end -= width_of(((a, style_a),))
    return start, max(end, start + 1)
