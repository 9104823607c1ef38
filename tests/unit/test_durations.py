"""Durations as authors and operators write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.durations import add_duration, is_flow_duration, seconds
from runtime.errors import InvalidInput

JANUARY = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("  ", 0),
        ("5m", 300),
        ("5 minutes", 300),
        ("1.5h", 5400),
        ("2 Weeks", 1_209_600),
        ("30s", 30),
        ("1 second", 1),
        ("1 month", 2_592_000),
        ("1mo", 2_592_000),
        ("1 y", 31_536_000),
        ("0 days", 0),
    ],
)
def test_lengths_in_seconds(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 month", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("25 months", datetime(2028, 2, 29, 12, tzinfo=UTC)),
        ("2.5 months", datetime(2026, 4, 15, 12, tzinfo=UTC)),
        ("1 year", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("0.5 years", JANUARY + timedelta(days=182.5)),
        ("1.5 years", datetime(2027, 1, 31, 12, tzinfo=UTC) + timedelta(days=182.5)),
        ("12 months", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("", JANUARY),
        ("0.1 seconds", JANUARY + timedelta(microseconds=100_000)),
    ],
)
def test_months_and_years_follow_the_calendar(text: str, expected: datetime) -> None:
    assert add_duration(JANUARY, text) == expected


def test_a_leap_day_and_a_year_is_the_end_of_february() -> None:
    assert add_duration(datetime(2028, 2, 29, tzinfo=UTC), "1 year") == datetime(2029, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("text", ["9000 years", "99999999999 months", "1e5 days", "9" * 99 + " weeks", "1" * 200])
def test_what_leads_beyond_the_calendar_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"\.$"):
        add_duration(JANUARY, text)


@pytest.mark.parametrize(
    "text", ["5", "minutes", "-5 minutes", "5 parsecs", "five days", "5 minutes 3", "٣ days", "5 ss"]
)
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a duration"):
        seconds(text)


def test_only_flow_json_writing_is_taken_in_flows() -> None:
    assert all(is_flow_duration(text) for text in ("", "2.5 hours", "1 day", "0 seconds"))
    assert not any(is_flow_duration(text) for text in ("5m", "5minutes", "1 Day", " 1 day", "1. day", "1 day\n"))


@given(st.integers(0, 500), st.sampled_from(["second", "minute", "hour", "day", "week"]))
def test_units_without_a_calendar_add_their_length(amount: int, unit: str) -> None:
    text = f"{amount} {unit}s"
    assert add_duration(JANUARY, text) - JANUARY == timedelta(seconds=seconds(text))


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_more_months_never_end_earlier(one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert add_duration(JANUARY, f"{less} months") <= add_duration(JANUARY, f"{more} months")
