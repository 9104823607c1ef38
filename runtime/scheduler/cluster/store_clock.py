"""The clock of the store on this machine: what is due is decided by one clock, however many machines there are."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from runtime.clock import Clock


class StoreClock:
    """The time the database gave last plus the monotonic time since: the clock of this machine may be set meanwhile."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Give the time of `clock` until the database has given its own."""
        self._clock = clock
        self._monotonic = monotonic
        self._measured: tuple[datetime, float] | None = None
        """A moment of the database, and the monotonic moment at which it was given."""

    def measure(self, moment: datetime | None) -> None:
        """Take over the time the store has just given; None: it goes by the clock of this machine."""
        self._measured = (moment, self._monotonic()) if moment is not None else None

    def now(self) -> datetime:
        """The present moment by the clock of the database, aware, UTC."""
        if self._measured is None:
            return self._clock.now()
        moment, at = self._measured
        return moment + timedelta(seconds=self._monotonic() - at)
