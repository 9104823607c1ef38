"""The one source of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives the time; one clock is passed to every part of the runtime."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved; for tests and for playing a run."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment the clock was moved to."""
        return self._now

    def move(self, seconds: float) -> datetime:
        """Move by so many seconds, back if negative; returns the new moment."""
        self._now += timedelta(seconds=seconds)
        return self._now

    def move_to(self, moment: datetime) -> None:
        self._now = moment
