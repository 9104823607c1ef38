"""When a schedule ticks: cron or an interval, in a time zone; of missed ticks only the latest counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from runtime.durations import add_duration, calendar_days, seconds
from runtime.errors import InvalidInput
from runtime.flow.cron import next_cron

SHORTEST_SECONDS = 1.0
"""An interval shorter than this is refused."""
_NO_ID = re.compile(r"[^A-Za-z0-9._:-]")
_LONGEST_NAME = 80


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; raises InvalidInput if there is none."""
    try:
        if len(name) > 100:
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a folder, a path outside the database, a file that is not a zone
        raise InvalidInput(
            f"There is no time zone {name[:60]!r}; write one of the IANA database, like Europe/Berlin."
        ) from None


def rule_text(rule: Mapping[str, Any]) -> str:
    """When a schedule ticks, in words."""
    every = rule.get("every")
    text = f"cron {rule['cron']}" if "cron" in rule else f"every {every}" + ("" if isinstance(every, str) else " s")
    return f"{text} {rule.get('timezone', 'UTC')}"


def next_tick(rule: Mapping[str, Any], enabled_at: datetime, after: datetime) -> datetime | None:
    """The first tick later than `after`, UTC; intervals are counted from the moment the schedule was enabled.

    Raises:
        InvalidInput: The rule cannot be kept.
    """
    zone = zone_of(str(rule.get("timezone", "UTC")))
    if "cron" in rule:
        return next_cron(str(rule["cron"]), zone, after)
    every = rule["every"]
    if isinstance(every, str) and (longest := calendar_days(every)):
        return _by_calendar(every, zone, enabled_at, after, longest)
    length = seconds(every) if isinstance(every, str) else float(every)
    passed = max(0.0, (after - enabled_at).total_seconds())
    count = int(passed // length) + 1
    tick = enabled_at + timedelta(seconds=length * count)
    return tick if tick > after else enabled_at + timedelta(seconds=length * (count + 1))


def next_ticks(rule: Mapping[str, Any], enabled_at: datetime, after: datetime, count: int) -> list[datetime]:
    """The next `count` ticks; fewer if no more come."""
    found: list[datetime] = []
    while len(found) < count and (tick := next_tick(rule, enabled_at, found[-1] if found else after)) is not None:
        found.append(tick)
    return found


def due_tick(
    rule: Mapping[str, Any], enabled_at: datetime, last_tick: datetime | None, now: datetime
) -> datetime | None:
    """The latest tick after the last one that is due now; earlier ones that were missed are skipped."""
    edge = max(last_tick, enabled_at) if last_tick else enabled_at
    found = next_tick(rule, enabled_at, edge)
    if found is None or found > now:
        return None
    later = now
    while later - found > timedelta(0):
        middle = found + (later - found) / 2
        tick = next_tick(rule, enabled_at, middle)
        if tick is not None and tick <= now:
            found = tick
        elif middle - found < timedelta(seconds=1):
            following = next_tick(rule, enabled_at, found)
            if following is None or following > now:
                break
            found = following
        else:
            later = middle
    return found


def tick_id(workflow: str, tick: datetime) -> str:
    """Id of the run of one tick, the same each time; valid whatever the name of the workflow."""
    name = _NO_ID.sub("-", workflow)
    if name != workflow or len(name) > _LONGEST_NAME or not name[:1].isalnum():
        name = f"w{name[:60]}-{hashlib.sha256(workflow.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return f"{name}@{tick.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _by_calendar(
    every: str, zone: ZoneInfo, enabled_at: datetime, after: datetime, longest_days: float
) -> datetime | None:
    """The next tick in whole months or years after the day it was enabled: 31 January, 28 February, 31 March."""
    anchor = enabled_at.astimezone(zone).replace(tzinfo=None)
    count = max(1, int((after - enabled_at).total_seconds() / 86_400 / longest_days) - 1)
    while True:
        try:
            tick = add_duration(anchor, every, times=count).replace(tzinfo=zone).astimezone(UTC)
        except (InvalidInput, OverflowError):
            return None
        if tick > after:
            return tick
        count += 1
