"""Cron rules as Debian's cron reads them, by cronsim, with hours of a zone that are skipped or come twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from runtime.errors import InvalidInput

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""Those of crontab(5) without `@reboot`, which has no meaning here."""
LONGEST = 200
"""A rule may have so many characters."""
_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_NAMES = {
    3: frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split()),  # noqa: SIM905
    4: frozenset("sun mon tue wed thu fri sat".split()),  # noqa: SIM905
}
_ONE = re.compile(r"\b([0-9a-z]+)-\1/[0-9]+")
_NEAR = timedelta(hours=26)
"""A clock that is set back repeats less than this."""


def check_cron(text: str) -> None:
    """Raise InvalidInput for a rule that Debian's cron would refuse, or that never ticks."""
    if len(text) > LONGEST:
        raise InvalidInput(f"A cron rule has at most {LONGEST} characters, this one has {len(text):,}.")
    rule = _rule(text)
    fields = rule.split()
    if text.strip().startswith("@") and rule == text.strip().lower():
        raise InvalidInput(f"The cron rule {text!r} is no nickname; there are {', '.join(NICKNAMES)}.")
    if len(fields) != len(_FIELDS):
        raise InvalidInput(f"The cron rule {text!r} needs five fields: {', '.join(_FIELDS)}.")
    for number, field in enumerate(fields):
        _check_field(text, number, field)
    try:
        next(CronSim(rule, datetime(2000, 1, 1)))
    except (CronSimError, StopIteration):
        raise InvalidInput(f"The cron rule {text!r} never comes: no month it names has that day.") from None


def next_cron(text: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first tick later than `after`, UTC; None if there is none within fifty years.

    Where minute and hour are written out, each local time ticks once: the first time if it comes twice, at the end
    of the gap if it is skipped. Where either begins with a star, ticks follow the clock of the zone as it stands.
    """
    rule = _rule(text)
    minute, hour, *_ = rule.split()
    try:
        if minute.startswith("*") or hour.startswith("*"):
            return _by_the_clock(rule, zone, after)
        for moment in CronSim(rule, after.astimezone(zone)):
            # Cronsim counts in local time: the second pass of a repeated hour begins before its first.
            if (found := moment.astimezone(UTC)) > after:
                return found
    except (OverflowError, StopIteration):
        pass
    return None


def _rule(text: str) -> str:
    written = text.strip().lower()
    # Cronsim reads a range of one value with a step as an open range, where crontab means that value alone.
    return NICKNAMES.get(written) or _ONE.sub(r"\1", written)


def _check_field(text: str, number: int, field: str) -> None:
    name = _FIELDS[number]
    words = re.findall("[a-z]+", field)
    if re.fullmatch(r"[0-9a-z*,/-]+", field) and all(word in _NAMES.get(number, ()) for word in words):
        try:
            CronSim(" ".join(field if n == number else "*" for n in range(len(_FIELDS))), datetime(2000, 1, 1))
            return
        except CronSimError:
            pass
    more = " A range goes upwards; write one that wraps in two parts, like 22-23,0-2." if "-" in field else ""
    raise InvalidInput(f"The cron rule {text!r} cannot be kept: {field!r} is no {name}.{more}")


def _by_the_clock(rule: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The next tick by the local clock, which is a plain clock between two changes of the zone's offset."""
    offset = _offset(zone, after)
    while True:
        local = next(CronSim(rule, (after + offset).replace(tzinfo=None)))
        moment = (local - offset).replace(tzinfo=UTC)
        change = _change(zone, after, moment, offset)
        if change is None:
            return moment
        after, offset = change - timedelta(seconds=1), _offset(zone, change)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _change(zone: ZoneInfo, after: datetime, until: datetime, offset: timedelta) -> datetime | None:
    """When the offset changes so that it matters; None if it stands at `until`, and nothing near `after` repeats."""
    low = after + timedelta(seconds=1)
    if low >= until:
        return None
    for step in range(int(_NEAR / timedelta(minutes=30)) + 1):
        high = min(after + timedelta(minutes=30 * (step + 1)), until)
        if _offset(zone, high) != offset:
            break
        if high == until:
            return None
        low = high
    else:
        high = until
        if _offset(zone, high) == offset:
            return None
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if _offset(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
