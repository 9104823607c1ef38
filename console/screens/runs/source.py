"""The rows of the list of runs: a frozen order, and the runs around the window that is looked at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.screens.runs.marks import Marks
from console.screens.runs.row import Columns, run_line
from console.theme import Line, Look, fit
from console.times import Zone
from runtime.operations.queries.run_window import Order

if TYPE_CHECKING:
    from runtime.operations.records import Run

GONE = "removed from the store"


class RunSource:
    """Draws runs by their place in an order; asks for rows that are not read yet."""

    def __init__(
        self, look: Look, now: Callable[[], datetime], zone: Callable[[], Zone], want: Callable[[int], None]
    ) -> None:
        self.look = look
        self.now = now
        self.order = Order()
        self.zone = zone
        self.hidden: frozenset[str] = frozenset()
        self.marks = Marks()
        self._want = want
        self._read: dict[int, Run | None] = {}
        self._columns: dict[int, Columns] = {}

    def __len__(self) -> int:
        return len(self.order.numbers)

    def take_order(self, order: Order) -> None:
        """Use another order; rows known under the same number are kept."""
        known = set(order.numbers[:200])
        self._read = {n: run for n, run in self._read.items() if n in known}
        self.order = order

    def take_rows(self, numbers: Sequence[int], runs: Sequence[Run | None]) -> None:
        """Take rows as they are now, forgetting those far from them."""
        if len(self._read) > 2_000:
            self._read.clear()
        self._read.update(zip(numbers, runs, strict=True))

    def numbers(self, start: int, count: int) -> array[int]:
        """Row numbers of a window."""
        return self.order.numbers[max(0, start) : start + count]

    def known(self, index: int) -> bool:
        """Whether it is known what stands in this place, if only that it is gone."""
        return not 0 <= index < len(self) or self.order.numbers[index] in self._read

    def run_at(self, index: int) -> Run | None:
        """The run in this place, if it is read."""
        if not 0 <= index < len(self):
            return None
        return self._read.get(self.order.numbers[index])

    def columns(self, width: int) -> Columns:
        """Columns for a width."""
        if width not in self._columns:
            self._columns[width] = Columns.fitting(width, self.hidden)
        return self._columns[width]

    def hide(self, hidden: frozenset[str]) -> None:
        """Leave columns out."""
        self.hidden = hidden
        self._columns.clear()

    def head(self, width: int) -> Line:
        """Names of the columns."""
        return self.columns(width).head(width)

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        """One run, or a sign that it is being read or gone."""
        number = self.order.numbers[index]
        if number not in self._read:
            self._want(index)
            return ((fit("...", width), "dim"),)
        run = self._read[number]
        if run is None:
            return ((fit(GONE, width), "dim"),)
        return run_line(run, self.columns(width), self.look, self.now(), self.zone(), width, selected=selected)

    def key(self, index: int) -> int:
        """The row number."""
        return self.order.numbers[index]

    def index_of(self, key: int) -> int | None:
        """Where a row number stands in the order."""
        try:
            return self.order.numbers.index(key)
        except ValueError:
            return None

    def marked(self, index: int) -> bool:
        """Whether the run is marked."""
        run = self.run_at(index)
        return run is not None and run.id in self.marks
