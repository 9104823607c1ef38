"""What a wake loop counts, for heartbeats and metrics."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

LATENESS_SAMPLES = 512


def _ignore(seconds: float) -> None:
    """Nobody listens."""


class WakeCounters:
    """Totals since the process began, and how late the last wakes were."""

    def __init__(self) -> None:
        self.wakes = 0
        self.saves = 0
        self.conflicts = 0
        """Saves refused because the run was saved by somebody else first."""
        self.on_late: Callable[[float], None] = _ignore
        """Called with the seconds each run was woken after it was due."""
        self._lateness: deque[float] = deque(maxlen=LATENESS_SAMPLES)

    def saved(self, saves: int, conflicts: int) -> None:
        """A group was saved; `conflicts` of its saves were refused."""
        self.saves += saves - conflicts
        self.conflicts += conflicts

    def late(self, seconds: float) -> None:
        """A run was woken so many seconds after it was due."""
        self._lateness.append(seconds)
        self.on_late(seconds)

    def lateness(self, share: float) -> float:
        """The seconds within which this share of the last wakes came; 0 where there were none."""
        ordered = sorted(self._lateness)
        return round(ordered[int(len(ordered) * share)], 4) if ordered else 0.0
