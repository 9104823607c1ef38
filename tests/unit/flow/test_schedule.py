"""Schedules tick when they should: once, also where local time skips or repeats an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.flow.read.loader import check_flow
from runtime.flow.schedule import due_tick, next_tick, next_ticks, tick_id
from runtime.operations.ids import RUN_ID
from tests.unit.flow.written import flow

BERLIN = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def problems(rule: Any) -> list[str]:
    return [p.message for p in check_flow(flow(metadata={"schedule": rule}))[1] if "schedule" in p.path]


def test_an_interval_is_aligned_to_the_moment_it_was_enabled() -> None:
    rule, enabled = {"every": "5 minutes"}, at("2026-01-01T00:02")
    assert next_tick(rule, enabled, at("2026-01-01T00:20")) == at("2026-01-01T00:22")
    assert due_tick(rule, enabled, None, at("2026-01-01T00:05")) is None
    assert due_tick(rule, enabled, at("2026-01-01T00:07"), at("2026-01-01T03:00")) == at("2026-01-01T02:57")
    assert due_tick(rule, enabled, at("2026-01-01T02:57"), at("2026-01-01T03:00")) is None


def test_a_skipped_local_hour_runs_at_its_end() -> None:
    before = at("2026-03-28T12:00")
    assert next_tick(BERLIN, before, before) == at("2026-03-29T01:00")
    assert next_tick(BERLIN, before, at("2026-03-29T01:00")) == at("2026-03-30T00:30")


def test_a_doubled_local_hour_runs_once() -> None:
    before = at("2026-10-24T12:00")
    first = next_tick(BERLIN, before, before)
    assert first == at("2026-10-25T00:30")
    assert next_tick(BERLIN, before, first) == at("2026-10-26T01:30")


def test_of_missed_ticks_only_the_latest_is_due() -> None:
    rule = {"cron": "0 * * * *"}
    enabled = at("2026-01-01T00:00")
    assert due_tick(rule, enabled, None, at("2026-02-01T10:30")) == at("2026-02-01T10:00")
    assert due_tick(rule, enabled, at("2026-02-01T10:00"), at("2026-02-01T10:30")) is None
    monthly = {"cron": "0 0 1 * *"}
    assert due_tick(monthly, enabled, None, at("2026-03-20T00:00")) == at("2026-03-01T00:00")


def test_the_run_of_a_tick_has_an_id_that_cannot_come_twice() -> None:
    assert tick_id("etl", at("2026-01-01T02:30") + timedelta(0)) == "etl@20260101T023000Z"


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"cron": "* * * * *", "every": "1 hour"},
        {"cron": "nonsense"},
        {"cron": "99 * * * *"},
        {"every": "0.1 seconds"},
        {"cron": "0 0 * * *", "timezone": "Mars/Olympus"},
        {"every": "1 hour", "overlap": "explode"},
    ],
)
def test_a_schedule_that_cannot_be_kept_says_why(rule: dict[str, str]) -> None:
    assert problems(rule)


def test_a_good_schedule_has_no_problems() -> None:
    assert problems(BERLIN) == []
    assert problems({"every": "5 minutes", "overlap": "queue"}) == []


@pytest.mark.parametrize(("field", "day"), [("0", 4), ("7", 4), ("1", 5), ("6", 3), ("6-7", 3), ("1-5", 1), ("sat", 3)])
def test_days_of_the_week_count_from_sunday_as_in_crontab(field: str, day: int) -> None:
    thursday = at("2026-01-01T00:00")
    wanted = at(f"2026-01-{day:02}T03:00") if day != 1 else at("2026-01-01T03:00")
    assert next_tick({"cron": f"0 3 * * {field}"}, thursday, thursday) == wanted


def test_months_are_calendar_months_after_the_day_it_was_enabled_on() -> None:
    enabled = at("2026-01-31T10:00")
    assert [f"{t:%m-%d}" for t in next_ticks({"every": "1 month"}, enabled, enabled, 5)] == [
        "02-28", "03-31", "04-30", "05-31", "06-30",
    ]  # fmt: skip
    assert f"{next_tick({'every': '1 month'}, enabled, at('2028-02-01T00:00')):%Y-%m-%d}" == "2028-02-29"
    assert [f"{t:%m-%d}" for t in next_ticks({"every": "2.5 months"}, at("2026-01-01T00:00"), enabled, 2)] == [
        "03-16", "05-31",
    ]  # fmt: skip
    leap = at("2024-02-29T12:00")
    assert [f"{t:%Y-%m-%d}" for t in next_ticks({"every": "1 year"}, leap, leap, 4)] == [
        "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29",
    ]  # fmt: skip


def test_a_month_keeps_the_time_of_day_of_its_zone() -> None:
    rule = {"every": "1 month", "timezone": "Europe/Berlin"}
    assert next_tick(rule, at("2026-03-01T08:00"), at("2026-03-01T08:00")) == at("2026-04-01T07:00")


RULES: list[dict[str, Any]] = [
    {"cron": "*/20 * * * *", "timezone": "Europe/Berlin"},
    {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
    {"cron": "* 1-23 * * *"},
    {"cron": "0 0 29 2 *"},
    {"cron": "0 9 1,15 * mon", "timezone": "Australia/Lord_Howe"},
    {"every": "7 seconds"},
    {"every": 90},
    {"every": "0.5 months"},
    {"every": "1 month", "timezone": "America/New_York"},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3_000_000), st.integers(0, 600_000))
def test_the_tick_that_is_due_is_the_latest_of_those_that_were_missed(
    rule: dict[str, Any], before: int, span: int
) -> None:
    enabled = at("2026-02-20T10:11")
    last = enabled + timedelta(seconds=before)
    now = last + timedelta(seconds=span)
    found = due_tick(rule, enabled, last, now)
    if found is None:
        first = next_tick(rule, enabled, last)
        assert first is None or first > now
    else:
        assert last < found <= now
        following = next_tick(rule, enabled, found)
        assert following is None or following > now
        assert next_tick(rule, enabled, found - timedelta(microseconds=1)) == found


@pytest.mark.parametrize("name", ["etl", "two words", "_x", "ü", "a" * 300, "a/b", "..", "etl@home"])
def test_the_run_of_a_tick_has_a_run_id_whatever_the_workflow_is_called(name: str) -> None:
    moments = [at("2026-01-01T00:00"), at("2026-01-01T00:01")]
    ids = {tick_id(n, m) for n in (name, name + "x") for m in moments}
    assert len(ids) == 4
    assert all(RUN_ID.fullmatch(made) for made in ids)
