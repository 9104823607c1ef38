"""A flow forks, its branches come to their ends, the join decides."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.repair.retry import retry
from tests.unit.engine.play import Play, Started, flow_of

FORK = (("begin", "a"), ("begin", "b"), ("a", "join"), ("b", "join"), ("join", "end"))


def fork(join: Any = None, **notes: Any) -> dict[str, Any]:
    policy = {"metadata": {"join": join}} if join else {}
    steps: dict[str, Any] = {"begin": {}, "a": {}, "b": {}, "join": policy, "end": {}}
    return flow_of({**steps, **notes}, FORK)


def test_both_branches_start_at_once_and_the_join_waits_for_both() -> None:
    play = Play(fork())
    assert {a.step for a in play.open.values()} == {"a", "b"}
    play.complete("a", 1)
    assert play.status("a") == "arrived"
    assert "join" not in play.run.visits
    play.complete("b", 2)
    assert play.call("join")
    play.complete("join", 3)
    assert play.run.status == "completed"
    assert play.run.ended_at == play.now


def test_a_failed_branch_is_captured_and_the_join_goes_on() -> None:
    play = Play(fork())
    play.fail("a", "index is read-only")
    play.complete("b")
    play.complete("join")
    assert play.run.status == "completed"
    assert play.run.failed_branches == 1
    assert play.branches["main/begin.1/a"].steps[-1].failure.message == "index is read-only"  # type: ignore[union-attr]


def test_a_started_job_is_polled_not_started_again() -> None:
    play = Play(fork())
    play.answer("a", Started("job-1"))
    play.answer("b", Started("job-2"))
    assert play.run.status == "sleeping"
    play.move(30)
    assert {a.verb for a in play.open.values()} == {"poll"}
    assert len(play.starts) == 2


def test_all_holds_the_join_until_the_failure_is_repaired() -> None:
    play = Play(fork("all"))
    play.fail("a")
    play.complete("b")
    assert play.run.status == "failed"
    sibling = play.branches["main/begin.1/b"]
    play.act(lambda d: retry(d, "main/begin.1/a"))
    assert play.starts[-1].endswith("/2")
    play.complete("a")
    play.complete("join")
    assert play.run.status == "completed"
    assert play.branches["main/begin.1/b"].steps == sibling.steps
    assert play.run.failed_branches == 0


def test_fail_fast_cancels_what_is_still_open_and_a_retry_reopens_it() -> None:
    play = Play(fork("failFast"))
    play.answer("b", Started("job-b"))
    play.fail("a")
    assert play.status("b") == "cancelled"
    assert play.cancels == ["main/begin.1/b"]
    play.to_end()
    assert play.run.status == "failed"
    play.act(lambda d: retry(d, "main/begin.1/a"))
    play.to_end()
    assert play.run.status == "completed"


def test_any_fires_with_the_first_and_cancels_the_rest() -> None:
    play = Play(fork("any"))
    play.answer("b", Started("job-b"))
    play.complete("a")
    assert play.status("b") == "cancelled"
    play.to_end()
    assert play.run.status == "completed"


def test_at_least_two_of_two_is_held_when_one_failed() -> None:
    play = Play(fork({"atLeast": 2}))
    play.fail("a")
    play.complete("b")
    assert play.run.status == "failed"


@pytest.mark.parametrize("first", ["a", "b"])
def test_retry_after_the_end_undoes_the_join_and_what_follows_runs_again(first: str) -> None:
    play = Play(fork())
    for step in (first, "b" if first == "a" else "a"):
        (play.fail if step == "a" else play.complete)(step)
    play.complete("join", "one failed")
    assert play.run.status == "completed"
    sibling = play.branches["main/begin.1/b"]
    play.act(lambda d: retry(d, "main/begin.1/a"))
    assert play.run.status != "completed"
    assert play.run.ended_at is None
    assert play.status("b") == "arrived"
    play.complete("a", "at last")
    play.complete("join", "both")
    assert play.run.status == "completed"
    assert play.run.visits["join"] == 2
    assert play.branches["main/begin.1/b"].steps == sibling.steps
    assert play.branches["main/begin.1/b"].status == sibling.status
    assert play.run.failed_branches == 0
