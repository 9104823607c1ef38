"""What a run is called while it goes on, and the sentences that say why it is not done."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.advance import advance
from runtime.engine.apply import Observed, Unreached
from runtime.engine.explain.reasons import why
from runtime.engine.repair.controls import cancel_run
from runtime.model.act import Hold
from runtime.model.task import Completed
from tests.unit.engine.play import Play, Started, flow_of

FORK = (("begin", "a"), ("begin", "b"), ("a", "join"), ("b", "join"), ("join", "end"))


def fork(join: Any = "allSettled") -> Play:
    return Play(flow_of({"begin": {}, "a": {}, "b": {}, "join": {"metadata": {"join": join}}, "end": {}}, FORK))


def told(play: Play) -> str:
    return "\n".join(why(play.program, play.stored, play.holds, None, play.now).sentences)


def test_why_says_what_the_join_has_and_what_each_open_branch_waits_for() -> None:
    play = fork()
    play.answer("a", Started("job-7"))
    play.complete("b")
    text = told(play)
    assert "join needs 2 of 2 (allSettled): 1 completed, 0 failed, 1 open" in text
    assert "as fake job-7" in text
    assert "No scheduler has driven this store" in text
    play.move(30)
    play.answer("a", Unreached("connection refused"))
    assert "1 polls failed, connection refused; it may still run" in told(play)


def test_why_says_that_a_join_is_held_and_what_can_be_done() -> None:
    play = fork("all")
    play.fail("a", "disk full")
    play.complete("b")
    text = told(play)
    assert "it is held until a failure is repaired or skipped" in text
    assert "TaskFailed: disk full" in text
    assert "forkjoin retry run-1 main/begin.1/a" in text


def test_why_names_holds_and_cancels_that_are_owed() -> None:
    play = fork()
    play.answer("a", Started("job-7"))
    play.holds = [Hold("run=run-1", "alice", play.now, "the disk is changed")]
    play.wake()
    assert play.run.status == "paused"
    assert "Held (run=run-1) by alice" in told(play)
    play.act(cancel_run)
    assert play.run.status == "cancelled"
    assert "A cancel of job-7 is owed to fake" in told(play)


@pytest.mark.parametrize("first", ["a", "b"])
def test_outcomes_of_one_save_change_the_state_in_the_file_order_of_the_fork(first: str) -> None:
    play = fork()
    calls = sorted(play.open.values(), key=lambda a: a.step != first)
    seen = [Observed(c, Completed(None, {"last": c.step}), play.now, 1.0) for c in calls]
    after = advance(play.situation, play.stored, seen).stored
    assert after.run.state == {"last": "b"}


def test_joins_that_wait_only_for_each_other_do_not_wait_for_ever() -> None:
    ways = (("begin", "a"), ("begin", "b"), ("a", "p"), ("b", "q"), ("p", "q"), ("q", "p"), ("p", "end"))
    notes: dict[str, Any] = {s: {} for s in ("begin", "a", "b", "p", "q", "end")}
    notes["p"] = {"type": "decision"}
    play = Play(flow_of(notes, [*ways[:4], ("p", "q", "state.again"), ways[5], ways[6]], state={"again": False}))
    play.to_end()
    assert play.run.status == "completed"


def test_a_failure_is_not_counted_once_its_step_was_entered_again() -> None:
    steps: dict[str, Any] = {s: {} for s in ("begin", "h", "a", "b", "join", "end")}
    steps["again"] = {"type": "decision"}
    ways = [("begin", "h"), ("h", "a"), ("h", "b"), ("a", "join"), ("b", "join"), ("join", "again")]
    play = Play(flow_of(steps, [*ways, ("again", "h", "state.more"), ("again", "end")]))
    play.complete("h")
    play.fail("a")
    play.complete("b")
    play.complete("join", state={"more": True})
    assert play.run.failed_branches == 1
    play.complete("h", state={"more": False})
    assert play.run.failed_branches == 0
    play.to_end()
    assert (play.run.status, play.run.failed_branches) == ("completed", 0)
