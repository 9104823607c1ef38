"""Whether a start was made: repeated, found, or left to an operator (docs/semantics.md, Starts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runtime.engine.draft import Draft
from runtime.engine.explain.cause import cause_of
from runtime.engine.observed import Nothing, Stopped, Unreached
from runtime.engine.repair.adopting import adopt
from runtime.engine.repair.controls import cancel_run, skip
from runtime.engine.repair.retry import retry
from runtime.errors import InvalidInput, Refused
from runtime.model.branch import Attempt
from runtime.model.task import Completed, Failed, Running, Started
from tests.unit.engine.play import Play, flow_of

HONOURS: dict[str, bool] = {"idempotent": True}
FINDS = {"idempotent": False, "finds": True}
NEITHER = {"idempotent": False, "finds": False}
TIMED_OUT = Unreached("no answer within 30 s", "CallTimeout")
REFUSED = Unreached("connection refused", sent=False)


def one(can: Mapping[str, bool], **metadata: Any) -> Play:
    note = {"metadata": {"poll": {"interval": 1}, **metadata}}
    return Play(flow_of({"begin": {}, "a": note, "end": {}}, [("begin", "a"), ("a", "end")]), can=can)


def attempt(play: Play) -> Attempt:
    return play.branches["main"].steps[-1].attempts[-1]


def lose(play: Play, how: str) -> None:
    """The answer to the start never comes: it timed out, or the scheduler died."""
    if how == "crash":
        play.crash()
    else:
        play.answer("a", TIMED_OUT)
        play.move(100)


LOST = pytest.mark.parametrize("how", ["crash", "timeout"])


@LOST
def test_a_system_that_honours_the_key_is_asked_again_with_the_same_key(how: str) -> None:
    play = one(HONOURS)
    lose(play, how)
    assert play.starts == ["run-1/a.1/1"] * 2
    play.answer("a", Started("job-1"))
    assert attempt(play).external_id == "job-1"


@LOST
def test_a_job_that_is_found_is_taken_and_nothing_is_started(how: str) -> None:
    play = one(FINDS)
    lose(play, how)
    assert play.call("a").verb == "find"
    play.answer("a", Started("job-1"))
    assert (play.status("main"), attempt(play).external_id) == ("running", "job-1")
    assert len(play.starts) == 1
    play.move(2)
    play.answer("a", Completed(1))
    assert play.run.status == "completed"


@LOST
def test_only_when_no_job_has_the_key_is_it_started_again(how: str) -> None:
    play = one(FINDS)
    lose(play, how)
    for _ in range(3):
        play.answer("a", Unreached("HTTP 502"))
        assert len(play.starts) == 1, "a find that cannot be asked starts nothing"
        play.move(100)
    play.answer("a", Nothing())
    assert play.starts == ["run-1/a.1/1"] * 2


def test_a_start_found_missing_that_is_lost_again_is_looked_for_again() -> None:
    play = one(FINDS)
    play.crash()
    play.answer("a", Nothing())
    assert play.call("a").verb == "start"
    play.crash()
    assert play.call("a").verb == "find"
    assert len(play.starts) == 2


@LOST
def test_with_neither_the_branch_waits_for_an_operator_and_holds_up_its_join(how: str) -> None:
    names = ("begin", "a", "b", "ab", "end")
    ways = [("begin", "a"), ("begin", "b"), ("a", "ab"), ("b", "ab"), ("ab", "end")]
    play = Play(flow_of(names, ways), can=NEITHER)
    play.answer("b", Started("job-b"))
    lose(play, how)
    play.move(100)
    play.complete("b")
    assert play.status("a") == "unconfirmed"
    assert len([k for k in play.starts if "/a." in k]) == 1
    assert play.run.next_wake_at is None
    assert play.run.status == "failed"
    assert play.run.attention < 8
    assert cause_of(Draft(play.situation, play.run, play.branches)).type == "Unconfirmed"
    assert "u" in play.run.strip
    assert "unconfirmed" in play.run.why
    assert not any(f.step_id == "ab" for f in play.stored.firings)
    for _ in range(5):
        play.move(10_000)
    assert play.open == {}


@pytest.mark.parametrize("can", [HONOURS, FINDS, NEITHER])
def test_what_certainly_was_not_made_is_simply_made(can: Mapping[str, bool]) -> None:
    play = one(can)
    for n in range(1, 4):
        play.answer("a", REFUSED)
        play.move(100)
        assert play.call("a").verb == "start"
        assert len(play.starts) == n + 1
    assert len(set(play.starts)) == 1
    play.answer("a", Started("job-1"))
    assert play.status("main") == "running"


def test_a_try_that_was_refused_does_not_excuse_one_that_was_not_answered() -> None:
    play = one({"idempotent": True})
    play.answer("a", TIMED_OUT)
    play.move(100)
    play.answer("a", REFUSED)
    assert attempt(play).start == "unanswered"
    play = one(NEITHER)
    play.answer("a", REFUSED)
    play.move(100)
    play.crash()
    assert play.status("main") == "unconfirmed", "the second try may have been made"


def test_code_that_is_gone_after_an_unanswered_start_starts_no_second_attempt() -> None:
    play = one(HONOURS, retry={"maximumAttempts": 3, "initialInterval": 1})
    play.answer("a", TIMED_OUT)
    play.move(100)
    play.answer("a", Failed("tasks.py is gone", "MissingCode"))
    play.move(100)
    assert (play.status("main"), len(set(play.starts))) == ("failed", 1)
    with pytest.raises(Refused, match="may still run"):
        play.act(lambda d: retry(d, "main"))


# Taking back a start that was not answered.


@LOST
@pytest.mark.parametrize("can", [{"idempotent": True, "finds": True}, FINDS])
def test_cancelling_an_unanswered_start_finds_and_cancels_and_never_starts(can: Mapping[str, bool], how: str) -> None:
    play = one(can)
    if how == "crash":
        play.open.clear()
    else:
        play.answer("a", TIMED_OUT)
    play.act(cancel_run)
    assert play.call("a").verb == "find"
    play.answer("a", Unreached("HTTP 502"))
    play.move(100)
    play.answer("a", Started("job-1"))
    assert play.call("a").verb == "cancel"
    play.answer("a", Stopped())
    owed = attempt(play).cancel
    assert owed is not None
    assert owed.confirmed_at is not None
    assert len(play.starts) == 1


def test_a_cancelled_start_that_is_not_found_was_never_made() -> None:
    play = one(FINDS)
    play.answer("a", TIMED_OUT)
    play.act(cancel_run)
    play.answer("a", Nothing())
    owed = attempt(play).cancel
    assert owed is not None
    assert owed.confirmed_at is not None
    assert (len(play.starts), play.cancels) == (1, [])


@pytest.mark.parametrize("can", [HONOURS, NEITHER])
def test_a_cancel_nobody_can_carry_out_is_told_and_starts_nothing(can: Mapping[str, bool]) -> None:
    play = one(can)
    play.answer("a", TIMED_OUT)
    play.act(cancel_run)
    play.move(1_000)
    owed = attempt(play).cancel
    assert owed is not None
    assert (owed.confirmed_at, owed.unable_at is not None) == (None, True)
    assert "not known" in (owed.problem or "")
    assert (len(play.starts), play.open, play.run.next_wake_at) == (1, {}, None)
    assert [h.kind for h in play.history].count("cancel_impossible") == 1
    assert "confirmed the cancel" not in " ".join(h.message for h in play.history)
    assert play.run.attention < 8
    assert "nobody could stop" in play.run.why


def test_a_start_under_way_is_cancelled_once_its_id_is_known() -> None:
    play = one(NEITHER)
    play.act(cancel_run)
    play.move(100)
    assert play.call("a").verb == "start", "nothing else is called meanwhile"
    play.answer("a", Started("job-1"))
    assert play.call("a").verb == "cancel"


@pytest.mark.parametrize(
    ("answer", "confirmed"),
    [
        (REFUSED, True),
        (Completed(1), True),
        (Failed("no such user", "HTTP 422", retryable=False), True),
        (Failed("no id in it", "NoExternalId", retryable=False), False),
        (TIMED_OUT, False),
    ],
)
def test_what_a_start_under_way_came_to_decides_about_its_cancel(answer: Any, confirmed: bool) -> None:
    play = one(NEITHER)
    play.act(cancel_run)
    play.answer("a", answer)
    owed = attempt(play).cancel
    assert owed is not None
    assert (owed.confirmed_at is not None, owed.unable_at is not None) == (confirmed, not confirmed)
    assert play.open == {}


def test_work_without_a_cancel_is_not_said_to_be_stopped() -> None:
    play = one({"cancels": False})
    play.answer("a", Started("job-1"))
    effects = play.act(cancel_run)
    assert any("Nobody can stop job-1" in e for e in effects)
    owed = attempt(play).cancel
    assert owed is not None
    assert owed.unable_at is not None
    assert "job-1" in (owed.problem or "")
    assert play.open == {}
    assert play.run.status == "cancelled"
    assert play.run.attention < 8


def test_cancel_first_is_refused_where_nobody_can_cancel() -> None:
    play = one({"cancels": False})
    play.answer("a", Started("job-1"))
    with pytest.raises(Refused, match="has no cancel"):
        play.act(lambda d: retry(d, "main", "cancel-first"))


def test_an_expired_job_that_nobody_can_stop_is_told_and_doubted() -> None:
    play = one({"cancels": False}, timeout={"startToClose": 60})
    play.answer("a", Started("job-1"))
    play.move(61)
    assert play.status("main") == "failed"
    with pytest.raises(Refused, match="nobody could carry out its cancel"):
        play.act(lambda d: retry(d, "main"))
    play.act(lambda d: retry(d, "main", force=True))
    assert play.starts[-1].endswith("/2")


def test_an_unanswered_start_that_expires_is_no_second_start() -> None:
    play = one(HONOURS, timeout={"startToClose": 60}, retry={"maximumAttempts": 3, "initialInterval": 1})
    for _ in range(50):
        if play.open:
            play.answer("a", TIMED_OUT)
        play.move(10)
    assert set(play.starts) == {"run-1/a.1/1"}
    assert play.status("main") == "unconfirmed"


# What an operator can do.


def unconfirmed(**metadata: Any) -> Play:
    play = one(NEITHER, **metadata)
    play.crash()
    assert play.status("main") == "unconfirmed"
    return play


def test_adopting_takes_the_job_without_starting() -> None:
    play = unconfirmed()
    play.act(lambda d: adopt(d, "main", "job-7"))
    assert (play.status("main"), attempt(play).external_id) == ("running", "job-7")
    assert play.call("a").verb == "poll"
    play.answer("a", Completed("done"))
    assert (play.run.status, len(play.starts)) == ("completed", 1)


def test_a_failed_start_without_an_id_can_be_adopted() -> None:
    play = one(HONOURS)
    play.answer("a", Failed("no id in it", "NoExternalId", retryable=False))
    with pytest.raises(Refused, match="without an id"):
        play.act(lambda d: retry(d, "main"))
    play.act(lambda d: adopt(d, "main", "job-7"))
    play.answer("a", Running(0.5))
    assert play.status("main") == "running"
    with pytest.raises(Refused, match="already"):
        play.act(lambda d: adopt(d, "main", "job-8"))


@pytest.mark.parametrize("given", ["", "   ", "x" * 1_001, "a\nb"])
def test_an_id_that_is_none_is_not_adopted(given: str) -> None:
    with pytest.raises(InvalidInput):
        unconfirmed().act(lambda d: adopt(d, "main", given))


def test_a_start_under_way_is_not_adopted() -> None:
    with pytest.raises(Refused, match="under way"):
        one(NEITHER).act(lambda d: adopt(d, "main", "job-7"))


def test_starting_anew_needs_force_or_the_same_key() -> None:
    play = unconfirmed()
    for act in (lambda d: retry(d, "main"), lambda d: retry(d, None), lambda d: retry(d, "main", "cancel-first")):
        with pytest.raises(Refused):
            play.act(act)
    play.act(lambda d: retry(d, "main", "same-key"))
    assert play.starts == ["run-1/a.1/1"] * 2
    play.crash()
    play.act(lambda d: retry(d, "main", force=True))
    assert play.starts[-1] == "run-1/a.1/2"
    play.crash()
    play.act(lambda d: retry(d, None, force=True))
    assert play.starts[-1] == "run-1/a.1/3"


def test_an_unconfirmed_branch_can_be_skipped() -> None:
    play = unconfirmed()
    play.act(lambda d: skip(d, "main", "by hand"))
    assert play.run.status == "completed"


# The ledger and history of calls.


def test_every_call_stands_in_the_ledger_and_trouble_once_in_history() -> None:
    play = one({"idempotent": True, "finds": True})
    for n in range(4):
        play.answer("a", Unreached(f"HTTP 503: request {n}0000", sent=False))
        play.move(100)
    play.answer("a", Unreached("HTTP 500"))
    play.move(100)
    play.answer("a", Started("job-1"))
    play.move(2)
    play.answer("a", Running(0.5))
    play.act(cancel_run)
    play.answer("a", Unreached("HTTP 502"))
    play.move(100)
    play.answer("a", Stopped())
    read = [(p.verb, p.reading) for p in play.polls]
    assert read == [
        *[("start", "unreachable")] * 5,
        ("start", "started"),
        ("poll", "running"),
        ("cancel", "unreachable"),
        ("cancel", "confirmed"),
    ]
    assert [p.number for p in play.polls] == list(range(1, 10))
    assert play.branches["main"].polls == 1
    kinds = [h.kind for h in play.history]
    assert (kinds.count("start_unanswered"), kinds.count("cancel_unanswered")) == (2, 1)
    assert "HTTP 503" in next(h.message for h in play.history if h.kind == "start_unanswered")
