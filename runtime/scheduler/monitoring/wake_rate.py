"""How many runs a second a wake loop moves, between two heartbeats."""

from __future__ import annotations

import time

from runtime.scheduler.waking.wake_counters import WakeCounters


class WakeRate:
    """The rate since it was taken last."""

    def __init__(self, counters: WakeCounters) -> None:
        self._counters = counters
        self._wakes = 0
        self._taken_at = time.monotonic()

    def take(self) -> float:
        """Wakes a second since the last call."""
        now = time.monotonic()
        rate = (self._counters.wakes - self._wakes) / max(now - self._taken_at, 0.001)
        self._wakes = self._counters.wakes
        self._taken_at = now
        return rate
