"""What a heartbeat says of who drives the store and how far behind it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.clock import ManualClock
from runtime.engine.explain.heartbeat_words import overload, scheduler_state
from runtime.model.heartbeat import Heartbeat, WorkerState

NOW = ManualClock().now()
BEHIND = Heartbeat(pid=7, host="h1", beat_at=NOW, due=16_000, oldest_due_s=40.2, slowest="http:search.internal")
WORDS = "overloaded: wakes are 40 s late, 16,000 due; slowest system http:search.internal"


def test_a_scheduler_that_is_behind_says_how_far_and_where_it_waits() -> None:
    assert overload(BEHIND) == WORDS
    assert scheduler_state(BEHIND, NOW) == (True, f"The scheduler is alive on h1, pid 7, {WORDS}.")
    several = (WorkerState("one", leads=True), WorkerState("two"))
    shared = Heartbeat(beat_at=NOW, due=50, oldest_due_s=6.0, workers=several)
    told = "2 workers share the wakes, led by one, overloaded: wakes are 6 s late, 50 due."
    assert scheduler_state(shared, NOW) == (True, told)


@pytest.mark.parametrize(
    "beat",
    [
        Heartbeat(beat_at=NOW),
        Heartbeat(beat_at=NOW, due=3, oldest_due_s=600.0),
        Heartbeat(beat_at=NOW, due=16_000, oldest_due_s=1.5),
    ],
)
def test_a_few_late_runs_and_many_that_are_just_due_are_no_overload(beat: Heartbeat) -> None:
    assert overload(beat) == ""


def test_a_scheduler_that_is_silent_is_not_called_overloaded() -> None:
    alive, told = scheduler_state(BEHIND, NOW + timedelta(minutes=1))
    assert not alive and "overloaded" not in told
