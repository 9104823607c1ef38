"""Cron means what Debian's cron means: tried against its rules written out plainly, a minute at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import InvalidInput
from runtime.flow.cron import NICKNAMES, check_cron, next_cron

RANGES = (range(60), range(24), range(1, 32), range(1, 13), range(8))
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
MONTHS = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
UTC_ZONE = ZoneInfo("UTC")
CHANGES = [
    ("Europe/Berlin", "2026-03-28T20:00"),
    ("Europe/Berlin", "2026-10-24T20:00"),
    ("America/New_York", "2026-03-08T00:00"),
    ("America/New_York", "2026-11-01T00:00"),
    ("Australia/Lord_Howe", "2026-04-04T06:00"),
    ("Australia/Lord_Howe", "2026-10-03T06:00"),
]
"""Zones and moments some hours before their clocks are set."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def values(field: str, number: int) -> frozenset[int]:
    """What a field names: `*`, a number, a name or a range, each with an optional step, parted by commas."""
    span = RANGES[number]
    found: set[int] = set()
    for part in field.split(","):
        body, _, step = part.partition("/")
        for name, value in [(n, i) for names in (DAYS, MONTHS) for i, n in enumerate(names) if n]:
            if (number == 4) == (names_of(name) is DAYS):
                body = body.replace(name, str(value))
        first, _, last = body.partition("-")
        if body == "*":
            low, high = span[0], span[-1]
        else:
            low = int(first)
            high = int(last) if last else span[-1] if step else low
        found |= set(range(low, high + 1, int(step or 1)))
    return frozenset(value % 7 for value in found) if number == 4 else frozenset(found)


def names_of(name: str) -> list[str]:
    return DAYS if name in DAYS else MONTHS


def due(rule: str, local: datetime) -> bool:
    """Whether a rule names this minute of the local clock."""
    fields = rule.split()
    minute, hour, day, month, weekday = (values(field, number) for number, field in enumerate(fields))
    if local.minute not in minute or local.hour not in hour or local.month not in month:
        return False
    days = local.day in day, (local.weekday() + 1) % 7 in weekday
    return all(days) if fields[2].startswith("*") or fields[4].startswith("*") else any(days)


def plain_ticks(rule: str, zone: ZoneInfo, after: datetime, hours: int) -> list[datetime]:
    """All ticks of some hours: by the clock where minute or hour begin with a star, else once a local time."""
    minute, hour, *_ = rule.split()
    wild = minute.startswith("*") or hour.startswith("*")
    found: set[datetime] = set()
    moment = after.replace(second=0, microsecond=0)
    until = after + timedelta(hours=hours)
    seen: set[datetime] = set()
    before = moment.astimezone(zone).replace(tzinfo=None)
    # A repeated local time counts only for the first pass: those of the hours before are known.
    early = moment - timedelta(hours=4)
    while early <= moment:
        seen.add(early.astimezone(zone).replace(tzinfo=None))
        early += timedelta(minutes=1)
    while (moment := moment + timedelta(minutes=1)) <= until:
        local = moment.astimezone(zone).replace(tzinfo=None)
        if wild:
            if due(rule, local):
                found.add(moment)
        else:
            skipped = before + timedelta(minutes=1)
            while skipped < local:
                if due(rule, skipped):
                    found.add(moment)
                skipped += timedelta(minutes=1)
            if local not in seen and due(rule, local):
                found.add(moment)
            seen.add(local)
        before = local
    return sorted(found)


def ticks(rule: str, zone: ZoneInfo, after: datetime, hours: int) -> list[datetime]:
    found: list[datetime] = []
    tick = next_cron(rule, zone, after)
    while tick is not None and tick <= after + timedelta(hours=hours):
        found.append(tick)
        tick = next_cron(rule, zone, tick)
    return found


def field(number: int) -> st.SearchStrategy[str]:
    span = RANGES[number]
    one = st.sampled_from(span)
    step = st.integers(1, len(span)).map(lambda n: f"/{n}") | st.just("")
    pair = st.tuples(one, one).map(lambda p: f"{min(p)}-{max(p)}")
    part = st.just("*") | one.map(str) | st.builds(lambda p, s: p + s, st.just("*") | pair | one.map(str), step)
    return st.lists(part, min_size=1, max_size=3).map(",".join)


near = st.lists(st.sampled_from([0, 1, 2, 3, 4]), min_size=1, max_size=3, unique=True).map(
    lambda hours: ",".join(map(str, hours))
)
some_rule = st.tuples(field(0), st.just("*") | st.just("*/2") | near | field(1), *(st.just("*"),) * 3).map(" ".join)


@pytest.mark.parametrize(("zone", "moment"), CHANGES)
@settings(max_examples=20, deadline=None)
@given(rule=some_rule)
def test_ticks_around_a_change_of_the_clock(zone: str, moment: str, rule: str) -> None:
    place, after = ZoneInfo(zone), at(moment)
    assert ticks(rule, place, after, 18) == plain_ticks(rule, place, after, 18)


@settings(max_examples=60, deadline=None)
@given(
    rule=st.tuples(st.just("0"), st.sampled_from(["0", "12", "6-18/12"]), field(2), field(3), field(4)).map(" ".join)
)
def test_days_months_and_weekdays(rule: str) -> None:
    try:
        check_cron(rule)
    except InvalidInput as problem:
        assert "never comes" in problem.message
        return
    after = at("2026-01-15T00:30")
    wanted = [m for hour in range(60 * 24) if due(rule, (m := after.replace(minute=0) + timedelta(hours=hour + 1)))]
    assert ticks(rule, UTC_ZONE, after, 60 * 24) == [w for w in wanted if w <= after + timedelta(days=60)]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("0 3 * * */2", "sun tue thu sat"),
        ("0 3 * * */3", "sun wed sat"),
        ("0 3 * * 7", "sun"),
        ("0 3 * * 0", "sun"),
        ("0 3 * * 5-7", "sun fri sat"),
        ("0 3 * * MON-wed", "mon tue wed"),
        ("0 3 * * 1-5/2", "mon wed fri"),
        ("0 3 * * sun,7,0", "sun"),
    ],
)
def test_days_of_the_week(rule: str, days: str) -> None:
    check_cron(rule)
    found = ticks(rule, UTC_ZONE, at("2026-02-01T00:00"), 7 * 24)
    assert {DAYS[(tick.weekday() + 1) % 7] for tick in found} == set(days.split())


def test_day_of_the_month_or_of_the_week_but_both_where_one_begins_with_a_star() -> None:
    january = at("2026-01-01T00:00")
    assert [t.day for t in ticks("0 3 13 * fri", UTC_ZONE, january, 31 * 24)] == [2, 9, 13, 16, 23, 30]
    both = ticks("0 3 */10 * fri", UTC_ZONE, january, 250 * 24)
    assert [f"{tick:%m-%d}" for tick in both] == ["05-01", "07-31", "08-21"]


@pytest.mark.parametrize(
    "rule",
    ["0 0 31 2 *", "0 0 30 feb *", "0 0 31 4,6,9,11 *", "0 0 31 2 */2", "99 * * * *", "* 24 * * *", "* * 0 * *",
     "* * 32 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "1,,2 * * * *", "5- * * * *", "22-2 * * * *", "* * * *",
     "* * * * * *", "0 0 L * *", "0 0 * * mon#1", "0 0 * * 5L", "0 0 ? * *", "@reboot", "@never", "", " ", "nonsense",
     "0 0 * mon *", "0 0 * * jan", "-1 * * * *", "1.5 * * * *", "* " * 400, "٣ * * * *", "0 0 * * fri-mon"],
)  # fmt: skip
def test_what_debians_cron_would_not_take_or_never_comes_is_refused(rule: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_cron(rule)
    assert caught.value.message.endswith((".", "day."))
    assert len(caught.value.message) < 700


@pytest.mark.parametrize("name", NICKNAMES)
def test_nicknames_are_those_of_crontab(name: str) -> None:
    check_cron(name.upper())
    after = at("2026-01-01T00:00")
    assert next_cron(name, UTC_ZONE, after) == next_cron(NICKNAMES[name], UTC_ZONE, after)


def test_what_is_rare_is_found_and_the_end_of_time_is_no_error() -> None:
    check_cron("0 0 29 2 *")
    assert next_cron("0 0 29 2 *", UTC_ZONE, at("2026-01-01T00:00")) == at("2028-02-29T00:00")
    assert next_cron("0 0 * * *", UTC_ZONE, at("9999-12-31T23:59")) is None
    assert next_cron("* * * * *", ZoneInfo("Europe/Berlin"), at("9999-12-31T23:59")) is None
