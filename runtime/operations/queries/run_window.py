"""Windows over long lists of runs: the order is read once as row numbers, the rows only where somebody looks."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import msgspec

from runtime.clock import Clock
from runtime.model.run import Run
from runtime.operations.queries.filters import parse
from runtime.store.ports.store import Store

DESCENDING = frozenset({"created_at", "updated_at"})
STEP = 2_000


class Order(msgspec.Struct, frozen=True):
    """A frozen order of runs: 8 bytes a run."""

    numbers: array[int] = msgspec.field(default_factory=lambda: array("q"))
    """Row numbers in the store, first row first."""
    where: str = ""
    sort: str = "attention"
    total: int = 0
    """Runs in the store, whatever the filter."""


class RunLists:
    """Lists of runs of any length."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def order(
        self,
        where: str = "",
        sort: str = "attention",
        *,
        only: Sequence[str] = (),
        progress: Callable[[int, int], bool] | None = None,
        limit: int | None = None,
    ) -> Order:
        """The order of all runs that match, or of `only` these; InvalidInput if the filter cannot be read.

        With `limit` it has no more than the first of them, where there is no filter.

        `progress(read, total)` is called now and then; where it answers False, reading ends with what was found.
        """
        listing = self._store.listing
        if only:
            known = listing.numbers(only)
            return Order(array("q", (known[i] for i in only if i in known)), where, sort, listing.count())
        chosen = parse(where)
        now = self._clock.now()
        plain = not where.strip()
        most = limit if plain else None
        numbers = listing.snapshot(chosen.narrowed_at(now), order=sort, descending=sort in DESCENDING, limit=most)
        total = listing.count()
        if plain:
            return Order(numbers, where, sort, total)
        kept = array("q")
        for start in range(0, len(numbers), STEP):
            part = numbers[start : start + STEP]
            runs = listing.rows_at(part)
            found = {run.id for run in chosen.select(self._store.runs, [run for run in runs if run is not None], now)}
            kept.extend(n for n, run in zip(part, runs, strict=True) if run is not None and run.id in found)
            if progress is not None and not progress(min(start + STEP, len(numbers)), len(numbers)):
                break
        return Order(kept, where, sort, total)

    def rows(self, numbers: Sequence[int]) -> list[Run | None]:
        """The runs with these row numbers; None where a run was removed meanwhile."""
        return self._store.listing.rows_at(numbers) if numbers else []

    def row_number(self, run_id: str) -> int | None:
        """The row number of a run; None if it does not exist."""
        return self._store.listing.numbers([run_id]).get(run_id)
