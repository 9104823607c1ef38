"""The clock of the store on this machine: what is due is decided by one clock, however many machines there are."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from runtime.clock import Clock


class StoreClock:
    """The time the database told last, and what has passed since: the clock of this machine may be set meanwhile."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Tell the time of `clock` until the database has told its own."""
        self._clock = clock
        self._monotonic = monotonic
        self._told: tuple[datetime, float] | None = None

    def measure(self, moment: datetime | None) -> None:
        """Take over the time the store has just told; None: it goes by the clock of this machine."""
        self._told = (moment, self._monotonic()) if moment is not None else None

    def now(self) -> datetime:
        """The present moment by the clock of the database, aware, UTC."""
        if self._told is None:
            return self._clock.now()
        moment, at = self._told
        return moment + timedelta(seconds=self._monotonic() - at)
