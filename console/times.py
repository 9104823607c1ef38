"""Times as columns and sentences show them: one unit, and steps of 5 s where nobody looks closely."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from enum import StrEnum

UTC = timezone.utc  # noqa: UP017 - the name is ours, whatever the version of Python


class Zone(StrEnum):
    """How moments are shown; `z` goes round."""

    RELATIVE = "relative"
    LOCAL = "local"
    UTC = "utc"


def column(seconds: float, *, exact: bool = False) -> str:
    """A span for a column: `15 s`, `46 m`, `3 h`, `2 d`; below 90 s in steps of 5 unless `exact`."""
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{math.floor(seconds)} s" if exact else f"{5 * math.floor(seconds / 5 + 0.5)} s"
    for limit, size, unit in ((5_400, 60, "m"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def words(seconds: float) -> str:
    """A span for a sentence: `12 s`, `6 min`, `2 h 5 min`, `3 days`."""
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes / 1440:.0f} days"


def clock_time(at: datetime, zone: Zone = Zone.UTC, *, seconds: bool = True) -> str:
    """The time of day in UTC, or in the zone of this machine."""
    shown = at.astimezone() if zone is Zone.LOCAL else at.astimezone(UTC)
    return shown.strftime("%H:%M:%S" if seconds else "%H:%M")


def day_and_time(at: datetime, zone: Zone = Zone.UTC) -> str:
    """A moment that may be far away: `2026-03-29 02:30`, in UTC or in the zone of this machine."""
    return (at.astimezone() if zone is Zone.LOCAL else at.astimezone(UTC)).strftime("%Y-%m-%d %H:%M")


def moment(at: datetime | None, now: datetime, zone: Zone, *, exact: bool = False) -> str:
    """A moment for a column: how far away it is, or the time of day (with the date if it is not today)."""
    if at is None:
        return "-"
    if zone is Zone.RELATIVE:
        return column(abs((at - now).total_seconds()), exact=exact)
    shown, today = (at.astimezone(), now.astimezone()) if zone is Zone.LOCAL else (at, now)
    return shown.strftime("%H:%M:%S" if shown.date() == today.date() else "%m-%d %H:%M")
