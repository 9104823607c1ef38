"""How many runs are moved in one group, so that a group keeps the event loop to itself for a short while only."""

from __future__ import annotations

GROUP_SECONDS = 0.05
"""A group is so large that its runs are advanced within this time, by what the last groups took."""
SMALLEST = 8
WEIGHT = 0.3
"""Of the last group against those before it."""


class GroupSize:
    """Learns what a run costs; `most` is never exceeded."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seconds_per_run = 0.0

    @property
    def runs(self) -> int:
        """How many runs the next group may have."""
        if self._seconds_per_run * self._most <= GROUP_SECONDS:
            return self._most
        return max(min(SMALLEST, self._most), int(GROUP_SECONDS / self._seconds_per_run))

    def took(self, runs: int, seconds: float) -> None:
        """So many runs were advanced within so many seconds of the event loop."""
        if runs:
            cost = seconds / runs
            known = self._seconds_per_run
            self._seconds_per_run = cost if not known else known + WEIGHT * (cost - known)
