"""One attempt follows another: automatic retries, timeouts, polls that do not get through, cancels nobody answers."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.apply import Unreached
from runtime.engine.repair.controls import cancel_run, poll_now, skip
from runtime.engine.repair.retry import retry
from runtime.errors import Refused
from runtime.model.task import Failed, Lost
from tests.unit.engine.play import Completed, Play, Running, Started, Stopped, flow_of

WAY = (("begin", "a"), ("a", "end"))


def one(**metadata: Any) -> Play:
    return Play(flow_of({"begin": {}, "a": {"metadata": metadata}, "end": {}}, WAY))


def wait(play: Play) -> float:
    """Seconds to the next wake."""
    assert play.run.next_wake_at is not None
    return (play.run.next_wake_at - play.now).total_seconds()


def test_automatic_attempts_wait_longer_each_time_until_the_budget_is_used() -> None:
    play = one(retry={"maximumAttempts": 3, "initialInterval": 10, "backoffCoefficient": 3})
    play.fail("a")
    assert play.status("main") == "awaiting_retry"
    assert wait(play) == 10
    play.move(10)
    play.fail("a")
    assert wait(play) == 30
    play.move(30)
    play.fail("a")
    assert play.run.status == "failed"
    assert [k.rpartition("/")[2] for k in play.starts] == ["1", "2", "3"]


def test_an_operators_retry_gives_a_fresh_budget() -> None:
    play = one(retry={"maximumAttempts": 2, "initialInterval": 10})
    for _ in range(2):
        play.fail("a")
        play.move(10)
    assert play.run.status == "failed"
    play.act(lambda d: retry(d, "main"))
    play.fail("a")
    assert play.status("main") == "awaiting_retry"
    assert wait(play) == 10


def test_types_named_non_retryable_fail_at_once() -> None:
    play = one(retry={"maximumAttempts": 5, "nonRetryable": ["BadInput"]})
    play.answer("a", Failed("no such file", "BadInput"))
    assert play.run.status == "failed"


def test_an_expired_attempt_is_cancelled_before_the_next_one_starts() -> None:
    play = one(timeout={"startToClose": 60}, retry={"maximumAttempts": 2, "initialInterval": 1}, poll={"interval": 600})
    play.answer("a", Started("job-1"))
    play.move(60)
    assert play.cancels == ["main"]
    assert play.branches["main"].expired
    play.move(5)
    assert len(play.starts) == 1, "the cancel is not answered yet"
    play.answer("a", Stopped(), verb="cancel")
    assert len(play.starts) == 2
    assert play.branches["main"].current.attempts[0].failure.type == "Timeout"  # type: ignore[union-attr]


def test_schedule_to_close_ends_all_attempts() -> None:
    play = one(timeout={"scheduleToClose": 100}, retry={"maximumAttempts": 50, "initialInterval": 80})
    play.fail("a")
    play.move(80)
    play.answer("a", Started("job-2"))
    play.move(20)
    assert play.status("main") == "failed"
    play.to_end()
    assert play.run.status == "failed"
    assert play.branches["main"].current.failure.details == {"timeout": "scheduleToClose"}  # type: ignore[union-attr]


def test_polls_grow_apart_up_to_the_longest_interval() -> None:
    play = one(poll={"interval": 10, "backoffCoefficient": 2, "maximumInterval": 35})
    play.answer("a", Started("job-1"))
    waits = []
    for _ in range(4):
        waits.append(wait(play))
        play.move(wait(play))
        play.answer("a", Running(0.5, "half"))
    assert waits == [10, 20, 35, 35]
    assert [p.reading for p in play.polls if p.verb == "poll"] == ["running"] * 4


def test_jitter_is_the_same_for_the_same_key_and_stays_in_its_bounds() -> None:
    waits = []
    for _ in range(2):
        play = one(poll={"interval": 100, "jitter": 0.2})
        play.answer("a", Started("job-1"))
        waits.append(wait(play))
    assert waits[0] == waits[1] != 100
    assert 80 <= waits[0] <= 120


def test_a_system_out_of_reach_says_nothing_of_the_job() -> None:
    play = one(poll={"interval": 10})
    play.answer("a", Started("job-1"))
    for missed in range(1, 6):
        play.move(wait(play))
        play.answer("a", Unreached("connection refused"))
        branch = play.branches["main"]
        assert branch.status == "running"
        assert branch.observation is not None
        assert (branch.observation.state, branch.observation.missed) == ("stale", missed)
    assert play.run.is_stale
    play.act(lambda d: poll_now(d, None))
    play.answer("a", Running())
    assert not play.run.is_stale


@pytest.mark.parametrize(("asked", "waits"), [(90, 90), (7_200, 3_600)])
def test_retry_after_is_kept_up_to_an_hour(asked: float, waits: float) -> None:
    play = one(poll={"interval": 10})
    play.answer("a", Started("job-1"))
    play.move(10)
    play.answer("a", Unreached("busy", retry_after=asked))
    assert wait(play) == waits


def test_lost_is_believed_when_a_second_poll_says_it() -> None:
    play = one(poll={"interval": 10}, retry={"maximumAttempts": 2, "initialInterval": 5})
    play.answer("a", Started("job-1"))
    play.move(10)
    play.answer("a", Lost())
    assert play.status("main") == "running"
    assert play.run.is_lost
    play.move(10)
    play.answer("a", Lost())
    assert play.status("main") == "awaiting_retry"


def test_an_answer_that_comes_after_the_cancel_changes_nothing() -> None:
    play = one()
    play.answer("a", Started("job-1"))
    play.move(30)
    poll = play.call("a", verb="poll")
    play.act(cancel_run)
    play.answer_action(poll, Completed("too late"))
    assert play.run.status == "cancelled"
    assert play.branches["main"].current.result is None  # type: ignore[union-attr]


def test_a_start_in_flight_is_cancelled_when_its_id_is_known() -> None:
    play = one()
    play.act(cancel_run)
    assert play.run.status == "cancelled"
    play.answer("a", Started("job-1"))
    assert play.call("a", verb="cancel")
    play.answer("a", Stopped())
    assert play.run.next_wake_at is None


def test_a_cancel_nobody_answers_is_sent_again_and_shown() -> None:
    play = one()
    play.answer("a", Started("job-1"))
    play.act(cancel_run)
    waits = []
    for _ in range(3):
        play.answer("a", Unreached("no route to host"), verb="cancel")
        waits.append(wait(play))
        play.move(wait(play))
    assert waits == [1, 2, 4]
    cancel = play.branches["main"].steps[-1].attempts[-1].cancel
    assert cancel is not None
    assert (cancel.tries, cancel.problem) == (3, "no route to host")


@pytest.mark.parametrize("kind", ["running", "failed", "starting"])
def test_a_skipped_step_gives_the_result_given_by_hand(kind: str) -> None:
    play = one()
    if kind == "running":
        play.answer("a", Started("job-1"))
    elif kind == "failed":
        play.fail("a")
    play.act(lambda d: skip(d, "main", {"by": "hand"}))
    play.to_end()
    assert play.run.status == "completed"
    assert next(v for v in play.branches["main"].steps if v.step_id == "a").result == {"by": "hand"}


def test_intents_of_a_retry() -> None:
    play = one(timeout={"startToClose": 60})
    play.answer("a", Started("job-1"))
    play.move(60)
    with pytest.raises(Refused, match="may still run"):
        play.act(lambda d: retry(d, "main"))
    play.act(lambda d: retry(d, "main", "reattach"))
    assert len(play.starts) == 1
    play.to_end()
    assert play.run.status == "completed"


def test_the_same_key_starts_the_same_attempt_again() -> None:
    play = one()
    play.fail("a")
    play.act(lambda d: retry(d, "main", "same-key"))
    assert play.starts[0] == play.starts[1]
    play.to_end()
    assert play.run.status == "completed"


def test_cancel_first_waits_for_the_answer_then_starts_anew() -> None:
    play = one()
    play.answer("a", Started("job-1"))
    play.act(lambda d: retry(d, "main", "cancel-first"))
    assert len(play.starts) == 1
    play.answer("a", Stopped(), verb="cancel")
    assert play.starts[1].endswith("/2")
    play.to_end()
    assert play.run.status == "completed"
