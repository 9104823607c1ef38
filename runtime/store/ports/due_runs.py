"""Which runs are due, and who may advance them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class DueRuns(Protocol):
    """Wakes and leases of runs."""

    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset(), *, new: bool = False) -> list[str]:
        """Ids of runs whose next wake lies at or before `now`, the longest due first; with `new` those never woken."""
        ...

    def count_due(self, now: datetime) -> int:
        """How many runs have their next wake at or before `now`."""
        ...

    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        """The earliest next wake of all runs."""
        ...

    def wake(self, run_ids: Sequence[str], at: datetime) -> None:
        """Bring the next wake of these runs forward to `at` (never later); leaves revisions alone."""
        ...

    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        """Lease runs to an owner until a moment; returns those it got, without those leased to others at `now`."""
        ...

    def release(self, run_ids: Sequence[str], owner: str) -> None:
        """Give leases back; those of other owners stay."""
        ...
