"""Schedules tick when they should: once, also where local time skips or repeats an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runtime.scheduler.schedules import due_tick, next_tick, problems, tick_id

BERLIN = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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
