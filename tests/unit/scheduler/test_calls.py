"""Calls under way: which runs count as busy, and what becomes of results that cannot be saved."""

from __future__ import annotations

import pytest

from runtime.clock import ManualClock
from runtime.engine.apply import Observed
from runtime.engine.draft import Draft
from runtime.engine.plan import Action
from runtime.model.task import Started
from runtime.scheduler.waking.calls import Calls


async def never(action: Action, draft: Draft) -> Observed:
    raise AssertionError("no call is made here")


def result(clock: ManualClock, step: str = "a") -> Observed:
    return Observed(Action("start", f"main/{step}", step, 1, 1, "quick", ""), Started("job"), clock.now(), 1.0)


def test_results_that_could_not_be_saved_are_given_again_and_their_run_stays_busy() -> None:
    clock = ManualClock()
    calls = Calls(never, clock)
    results = {"r1": [result(clock)]}
    with pytest.raises(OSError, match="away"), calls.put_back_on_error(results):
        calls.end(results)
        assert not calls.busy_runs
        raise OSError("away")
    assert set(calls.busy_runs) == {"r1"} and calls.in_flight == 1
    assert calls.take_results(10) == results
    assert set(calls.busy_runs) == {"r1"}, "until the save"
    calls.end(results)
    assert not calls.busy_runs


def test_a_run_that_comes_back_without_results_is_not_busy_for_ever() -> None:
    calls = Calls(never, ManualClock())
    calls.put_back({"r1": []})
    assert not calls.busy_runs, "it would never be moved again"
