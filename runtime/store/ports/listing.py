"""Lists of any length: an order as row numbers, and the rows of the window somebody looks at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Protocol

from runtime.model.run import Run
from runtime.model.stored import RunFilter


class Listing(Protocol):
    """Runs by row number, and how many there are."""

    def snapshot(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> array[int]:
        """Row numbers of all matching runs in order, 8 bytes each; `stop` is asked now and then and ends it early.

        Among runs of equal `attention` the last changed come first.
        """
        ...

    def rows_at(self, numbers: Sequence[int]) -> list[Run | None]:
        """The runs with these row numbers in the order asked; None where a run was removed."""
        ...

    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        """Row numbers of the runs that exist, by id."""
        ...

    def count(self, where: RunFilter | None = None) -> int:
        """How many runs match."""
        ...

    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        ...
