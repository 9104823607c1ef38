"""Settings of the wall clock: moments that were stored before one are corrected by it, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from runtime.model.moment import Moment
from runtime.model.record import Record


class ClockSetting(Record, frozen=True):
    """The wall clock was set, or stood still with the machine, while nothing else went on."""

    number: int
    """Counted per store from 1."""
    at: Moment
    """What the clock said just before."""
    seconds: float
    """How far it was set forward; back if negative."""


class ClockState(Record, frozen=True):
    """What a scheduler knows of the clock of its machine."""

    boot: str = ""
    """The machine since it was started; monotonic seconds of another boot mean nothing."""
    offset: float = 0.0
    """Wall clock minus monotonic clock, in seconds since 1970."""
    settings: tuple[ClockSetting, ...] = ()
    """The last settings, oldest first."""


def moved(moment: datetime, seconds: float) -> datetime:
    """A moment so many seconds later, within what a moment can be."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if seconds > 0 else datetime.min.replace(tzinfo=UTC)


def corrected(moment: datetime, settings: Sequence[ClockSetting]) -> datetime:
    """A moment as the clock would have told it by now, had it been right; for moments that are kept as they were.

    Within as much time as a clock was set back, moments of before and after cannot be told apart, and count as before.
    """
    for setting in settings:
        if moment <= setting.at:
            moment = moved(moment, setting.seconds)
    return moment
