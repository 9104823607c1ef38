"""The clock of the store on this machine: what is due is decided by one clock, however many machines there are."""

from __future__ import annotations

from datetime import datetime, timedelta

from runtime.clock import Clock


class StoreClock:
    """The clock of this machine, moved by how far it is off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._off = timedelta()

    def measure(self, moment: datetime | None) -> None:
        """Take over the time the store has just told; None: it goes by the clock of this machine."""
        self._off = moment - self._clock.now() if moment is not None else timedelta()

    def now(self) -> datetime:
        """The present moment by the clock of the database, aware, UTC."""
        return self._clock.now() + self._off
