"""A screen that is one list read whole, with a line about it and details of the chosen row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult

from console.feed import Brings
from console.here import Here
from console.screens.base import NumberedScreen
from console.theme import Line, crop, plain
from console.widgets.bar import Bar
from console.widgets.rows import Lines, Rows

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime


@dataclass(frozen=True)
class Table:
    """Rows ready to be drawn, each with its key, and a line about all of them."""

    head: Line
    lines: Sequence[Line]
    keys: Sequence[Any]
    about: str = ""


class ListView(NumberedScreen):
    """Subclasses read in a thread, and draw what was read."""

    def __init__(self, desk: Desk, **how: Any) -> None:
        super().__init__(desk, **how)
        self.data: Any = None
        self.table = Table((), (), ())

    def compose(self) -> ComposeResult:
        """About, list, details."""
        self.about = Bar(self.look, self._about, classes="about")
        self.list = Rows(self.look, head=lambda width: crop(self.table.head, width))
        self.details = Bar(self.look, self._details, classes="details")
        yield self.about
        yield self.list
        yield self.details

    @property
    def rows(self) -> Rows:
        """The list."""
        return self.list

    @abstractmethod
    def read(self, runtime: Runtime) -> Any:
        """What the screen shows; in a reading thread."""

    @abstractmethod
    def draw(self, data: Any, width: int) -> Table:
        """The rows for a width."""

    def detail_lines(self, data: Any, key: Any, width: int) -> Sequence[Line]:
        """What is said of the chosen row."""
        return ()

    def opened(self) -> None:
        """Read; what is typed meanwhile is meant for what comes."""
        self._read_again(Brings.ROWS)

    def changed(self) -> None:
        """Read again."""
        self._read_again(None)

    def _read_again(self, brings: Brings | None) -> None:
        desk = self.desk
        desk.feed.read(self.name_id, self.read, self._take, desk.read_failed, slow=True, brings=brings)

    def reads(self) -> bool:
        """Whether the list is being read."""
        return self.desk.feed.pending(self.name_id)

    def _take(self, data: Any) -> None:
        self.data = data
        self.redraw()

    def redraw(self) -> None:
        """Draw from what was read."""
        if self.data is None:
            return
        self.table = self.draw(self.data, max(20, self.size.width - 1))
        old = self.list.source
        source = Lines(self.table.lines, self.table.keys)
        if isinstance(old, Lines) and old.keys == source.keys:
            self.list.source = source
            self.list.redraw_changed()
        else:
            self.list.show(source)
        self.about.update_lines()
        self.details.update_lines()

    def tick(self) -> None:
        """Draw times anew."""
        self.redraw()

    def chosen(self, rows: Any) -> None:
        """Another row: its details."""
        self.details.update_lines()
        self.desk.update_frame("footer")

    def shape(self, width: int, height: int) -> None:
        """Draw for another width."""
        super().shape(width, height)
        self.call_after_refresh(self.redraw)

    def here(self) -> Here:
        """The key of the row is the subject."""
        return replace(super().here(), subject=self.list.key)

    def _about(self, width: int) -> list[Line]:
        return [
            crop(plain(f" {self.table.about}" if self.data is not None else f" reading {self.title.lower()}"), width)
        ]

    def _details(self, width: int) -> list[Line]:
        if self.data is None or self.list.key is None:
            return []
        return [crop(((" ", ""), *line), width) for line in self.detail_lines(self.data, self.list.key, width - 2)]
