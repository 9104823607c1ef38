"""Durations as people write them: `2.5 hours`, `5m`, `1 month`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runtime.errors import InvalidInput

if TYPE_CHECKING:
    from fractions import Fraction

SECONDS: dict[str, int] = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
"""Length of each unit in seconds, without a calendar."""

_SHORT = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_FLOW_JSON = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?\s+(?:second|minute|hour|day|week|month|year)s?)?")
_WRITTEN = re.compile(r"([0-9]{1,100}(?:\.[0-9]{1,100})?)\s*([a-z]+)", re.ASCII)
LONGEST = 10_000 * 365 * 86_400
"""Seconds of the longest duration that is accepted."""
LONGEST_RETENTION = 100 * 365 * 86_400


def is_flow_duration(text: str) -> bool:
    """Whether the text is a duration as FlowJSON writes it: a number, a space and a unit, or nothing."""
    return _FLOW_JSON.fullmatch(text) is not None


def seconds(text: str) -> float:
    """Length of a duration in seconds; a month counts 30 days, a year 365, an empty text nothing.

    Raises:
        InvalidInput: The text is not a duration, or it is longer than 10,000 years.
    """
    amount, unit = _parse(text)
    if amount * SECONDS[unit] > LONGEST:
        raise InvalidInput(f"The duration {_shown(text)} is longer than 10,000 years; give a shorter one.")
    return float(amount * SECONDS[unit])


def add_duration(moment: datetime, text: str, *, times: int = 1) -> datetime:
    """The moment `times` durations later; whole months and years follow the calendar.

    A month after 31 January is the last day of February. The fraction of a month counts in days of 30, that of
    a year in days of 365: `2.5 months` is two calendar months and 15 days.

    Raises:
        InvalidInput: The text is not a duration, or the moment lies beyond the year 9999.
    """
    amount, unit = _parse(text)
    whole = int(amount)
    try:
        if unit == "month":
            moment = _add_months(moment, whole * times)
            amount -= whole
        elif unit == "year":
            moment = _add_months(moment, 12 * whole * times)
            amount -= whole
        return moment + timedelta(microseconds=round(amount * times * SECONDS[unit] * 1_000_000))
    except (OverflowError, ValueError):
        raise InvalidInput(f"The duration {_shown(text)} leads beyond the year 9999; give a shorter one.") from None


def retention_seconds(written: object) -> float:
    """Seconds that `metadata.retention` keeps an ended run; raises InvalidInput if it is unusable."""
    if not isinstance(written, str):
        raise InvalidInput("`retention` is a text like `30 days`.")
    length = seconds(written)
    if not 0 < length <= LONGEST_RETENTION:
        raise InvalidInput(f"`retention` is {_shown(written)}; it lies above 0 seconds and up to 100 years.")
    return length


def calendar_days(text: str) -> float:
    """The most days of a duration that follows the calendar, in months or years; 0 for every other one."""
    amount, unit = _parse(text)
    return float(amount) * {"month": 31, "year": 366}.get(unit, 0)


def _parse(text: str) -> tuple[Fraction, str]:
    from fractions import Fraction

    written = text.strip().lower()
    if not written:
        return Fraction(0), "second"
    found = _WRITTEN.fullmatch(written)
    unit = found[2] if found else ""
    unit = _SHORT.get(unit, unit)
    if unit not in SECONDS:
        unit = unit.removesuffix("s")
    if found is None or unit not in SECONDS:
        raise InvalidInput(
            f"{_shown(text)} is not a duration: write a number and a unit, like `5 minutes`, `2.5 hours` or `30s`."
        )
    return Fraction(found[1]), unit


def _add_months(moment: datetime, months: int) -> datetime:
    import calendar

    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if year > 9999:
        raise OverflowError
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
