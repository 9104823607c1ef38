"""When schedules tick: cron and interval, missed ticks, local hours that do not exist or come twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from runtime.errors import InvalidInput
from runtime.flow.durations import seconds

OVERLAPS = ("skip", "queue", "allow")
SEARCHED = 100_000
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def problems(schedule: Mapping[str, Any]) -> list[str]:
    """Sentences about a schedule that cannot be kept."""
    found = []
    if ("cron" in schedule) == ("every" in schedule):
        found.append("A schedule has either cron or every.")
    if schedule.get("overlap", "skip") not in OVERLAPS:
        found.append(f"overlap is one of {', '.join(OVERLAPS)}.")
    try:
        ZoneInfo(str(schedule.get("timezone", "UTC")))
        if "cron" in schedule:
            _trigger(str(schedule["cron"]))
        elif "every" in schedule and seconds(str(schedule["every"])) < 1:
            found.append("every is at least a second.")
    except ZoneInfoNotFoundError:
        found.append(f"There is no time zone {schedule.get('timezone')!r}.")
    except (ValueError, InvalidInput) as problem:
        found.append(str(problem))
    return found


def _trigger(cron: str) -> CronTrigger:
    parts = cron.split()
    if len(parts) != 5:
        raise ValueError(f"cron {cron!r} needs five fields: minute, hour, day, month, day of the week.")
    minute, hour, day, month, weekday = parts
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=UTC)


def _weekdays(field: str) -> str:
    """Days of the week by name: crontab counts from Sunday (0 and 7), APScheduler from Monday."""
    if not any(char.isdigit() for char in field.split("/")[0]):
        return field
    days: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if not first.isdigit() or (last and not last.isdigit()) or (step and not step.isdigit()):
            raise ValueError(f"cron: {field!r} is no day of the week.")
        end = int(last) if last else 7 if step else int(first)
        if not 0 <= int(first) <= end <= 7:
            raise ValueError(f"cron: {field!r} is no day of the week.")
        days |= {day % 7 for day in range(int(first), end + 1, int(step or 1))}
    return ",".join(_DAYS[day] for day in sorted(days))


def next_tick(schedule: Mapping[str, Any], enabled_at: datetime, after: datetime) -> datetime | None:
    """The first tick later than `after`, UTC.

    A local hour that is skipped ticks at its end; one that comes twice ticks once, the first time.
    """
    if "every" in schedule:
        step = seconds(str(schedule["every"]))
        passed = max(0.0, (after - enabled_at).total_seconds())
        return enabled_at + timedelta(seconds=step * (int(passed // step) + 1))
    zone = ZoneInfo(str(schedule.get("timezone", "UTC")))
    # Walk in naive local time, where every day has 24 hours, then place the moment in the zone.
    trigger = _trigger(str(schedule["cron"]))
    at = after.astimezone(zone).replace(tzinfo=UTC) - timedelta(hours=3)
    for _ in range(SEARCHED):
        local = trigger.get_next_fire_time(None, at)
        if local is None:
            return None
        moment = _place(local.replace(tzinfo=None), zone)
        if moment > after:
            return moment
        at = local + timedelta(seconds=1)
    return None


def _place(local: datetime, zone: ZoneInfo) -> datetime:
    first = local.replace(tzinfo=zone, fold=0)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local:
        return moment
    # The local time does not exist: the end of the gap is where both readings of the offset meet.
    before, later = first.utcoffset(), local.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None and later is not None
    low, high = (local - max(before, later)).replace(tzinfo=UTC), (local - min(before, later)).replace(tzinfo=UTC)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def due_tick(
    schedule: Mapping[str, Any], enabled_at: datetime, last_tick: datetime | None, now: datetime
) -> datetime | None:
    """The latest tick since the last one that is due now; missed earlier ones are passed over."""
    edge = max(last_tick, enabled_at) if last_tick else enabled_at
    found: datetime | None = None
    if "every" in schedule:
        step = seconds(str(schedule["every"]))
        count = int((now - enabled_at).total_seconds() // step)
        found = enabled_at + timedelta(seconds=step * count) if count >= 1 else None
        return found if found is not None and found > edge else None
    start = max(edge, now - timedelta(days=1))
    for begin in (start, edge):
        tick = next_tick(schedule, enabled_at, begin)
        for _ in range(SEARCHED):
            if tick is None or tick > now:
                break
            found = tick
            tick = next_tick(schedule, enabled_at, tick)
        if found is not None:
            return found
    return None


def tick_id(workflow: str, tick: datetime) -> str:
    """Id of the run of one tick, so that it never starts twice."""
    return f"{workflow}@{tick.astimezone(UTC):%Y%m%dT%H%M%SZ}"
