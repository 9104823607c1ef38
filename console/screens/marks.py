"""Marked runs, for an act on many."""

from __future__ import annotations

from collections.abc import Iterable


class Marks:
    """Ids of marked runs, and where the last mark was set."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.last = 0
        """Row of the last mark."""
        self.where = ""
        """The filter whose runs are all marked, if they are."""

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self.ids

    def turn(self, run_id: str, row: int) -> None:
        """Mark or unmark one."""
        self.ids ^= {run_id}
        self.last, self.where = row, ""

    def add(self, ids: Iterable[str], where: str = "") -> None:
        """Mark several; all that match `where`, if it is given."""
        self.ids |= set(ids)
        self.where = where

    def clear(self) -> None:
        """Take all marks away."""
        self.ids.clear()
        self.where = ""
