"""Marked runs, for an act on many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.operations.queries.run_window import Order


@dataclass(frozen=True, slots=True)
class Mark:
    """A run by its row number, which is its own in every order, and by its id."""

    number: int
    run_id: str


class Marks:
    """Marked runs by id, whatever the order and the filter; and which was marked last."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.last: Mark | None = None
        """Where a range begins; None if no mark was set since the marks were cleared."""
        self.where = ""
        """The filter whose runs are all marked, if they are."""
        self._counted: tuple[Order, int, int] | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._numbers

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the marked runs."""
        return tuple(sorted(self._numbers))

    def turn(self, mark: Mark) -> None:
        """Mark or unmark one; a range begins at one that was marked."""
        self.where, self._counted = "", None
        if self._numbers.pop(mark.run_id, None) is None:
            self._numbers[mark.run_id] = mark.number
            self.last = mark
        else:
            self.last = None

    def add(self, marked: Mapping[str, int], where: str = "") -> None:
        """Mark several; all that match `where`, if it is given."""
        self._numbers.update(marked)
        self.where, self._counted = where, None

    def clear(self) -> None:
        """Take all marks away."""
        self._numbers.clear()
        self.where, self.last, self._counted = "", None, None

    def out_of_sight(self, order: Order) -> int:
        """How many marked runs are not in this list."""
        known = self._counted
        if known is None or known[0] is not order or known[1] != len(self):
            listed = set(order.numbers) if self._numbers else set()
            known = (order, len(self), sum(n not in listed for n in self._numbers.values()))
            self._counted = known
        return known[2]

    def told(self, order: Order) -> str:
        """`41 marked, 3 out of sight of the filter`."""
        hidden = self.out_of_sight(order)
        return f"{len(self):,} marked" + (f", {hidden:,} out of sight of the filter" if hidden else "")
