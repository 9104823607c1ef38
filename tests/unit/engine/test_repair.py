"""Repairs by hand: one item after the end, branches a join cancelled, and repairs that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.repair.controls import edit_state, send_event, skip
from runtime.engine.repair.retry import retry
from runtime.engine.results import settled_view
from runtime.errors import InvalidInput, NotFound, Refused
from runtime.model.act import Hold
from tests.unit.engine.play import Completed, Play, Started, flow_of

EACH = (("begin", "each"), ("each", "after"), ("after", "end"))


def each(join: Any, code: str = "[10, 20, 30]") -> Play:
    note = {"metadata": {"forEach": code, "join": join}}
    return Play(flow_of({"begin": {}, "each": note, "after": {}, "end": {}}, EACH))


def ended(join: Any) -> Play:
    """Item 1 fails, the others complete, in an order that is not theirs."""
    play = each(join)
    for index in (2, 1, 0):
        if any(a.branch.endswith(f":{index}") for a in play.open.values()):
            (play.fail if index == 1 else play.complete)("each", f"r{index}", index=index)
    return play


@pytest.mark.parametrize(
    ("join", "result"),
    [
        ("allSettled", ["r0", None, "r2"]),
        ("all", None),
        ("failFast", None),
        ({"atLeast": 2}, ["r0", None, "r2"]),
        ("any", [None, None, "r2"]),
    ],
)
def test_item_failures_under_every_policy(join: Any, result: Any) -> None:
    play = ended(join)
    if result is None:
        assert play.run.status == "failed"
        play.act(lambda d: retry(d, None))
        play.to_end(lambda a: Completed("again"))
        assert play.run.status == "completed"
    else:
        assert play.branches["main"].steps[1].result == result
        play.complete("after")
        assert play.run.status == "completed"


def test_no_item_gives_an_empty_list_and_what_is_no_list_is_a_failure() -> None:
    assert each("all", "[]").branches["main"].steps[1].result == []
    wrong = each("all", "({a: 1})")
    assert "not a list" in wrong.branches["main"].current.failure.message  # type: ignore[union-attr]
    many = each("all", "Array.from({length: 10001}, (_, i) => i)")
    assert "10,001 items" in many.branches["main"].current.failure.message  # type: ignore[union-attr]


def test_one_item_is_repaired_after_the_end_and_its_siblings_stay() -> None:
    play = ended("allSettled")
    play.complete("after")
    before = {i: b for i, b in play.branches.items() if b.kind == "item" and b.index != 1}
    assert play.run.failed_branches == 1
    play.act(lambda d: retry(d, "main/each.1:1"))
    play.complete("each", "r1", index=1)
    visit = play.branches["main"].current
    assert visit is not None
    assert [(s.status, s.result) for s in settled_view(visit, play.branches)] == [
        ("completed", "r0"),
        ("completed", "r1"),
        ("completed", "r2"),
    ]
    play.complete("after")
    assert play.run.status == "completed"
    assert play.run.failed_branches == 0
    assert {i: play.branches[i] for i in before} == before


def test_what_a_fired_any_passed_over_cannot_be_repaired() -> None:
    ways = (("begin", "a"), ("begin", "b"), ("begin", "c"), ("a", "j"), ("b", "j"), ("c", "j"), ("j", "end"))
    play = Play(flow_of({"begin": {}, "a": {}, "b": {}, "c": {}, "j": {"metadata": {"join": "any"}}, "end": {}}, ways))
    play.fail("a")
    play.complete("b")
    for act in (lambda d: retry(d, "main/begin.1/a"), lambda d: skip(d, "main/begin.1/a", 1)):
        with pytest.raises(Refused):
            play.act(act)
    play.to_end()
    assert play.run.status == "completed"


def test_three_branches_two_of_which_meet_first() -> None:
    ways = (*(("begin", s) for s in "abc"), ("a", "ab"), ("b", "ab"), ("ab", "all"), ("c", "all"), ("all", "end"))
    play = Play(flow_of(["begin", "a", "b", "c", "ab", "all", "end"], ways))
    play.complete("a")
    play.complete("b")
    assert play.branches["main/begin.1/ab@1"].kind == "join"
    play.complete("c")
    play.fail("ab")
    play.complete("all")
    assert play.run.status == "completed"
    play.act(lambda d: retry(d, "main/begin.1/ab@1"))
    assert play.run.visits["ab"] == 1
    play.complete("ab")
    play.complete("all")
    assert (play.run.status, play.run.failed_branches, play.run.visits["all"]) == ("completed", 0, 2)


def test_an_event_is_taken_once_and_only_if_its_payload_fits() -> None:
    schema = {"eventOutput": {"eventOutputSchema": {"type": "object", "required": ["by"]}}}
    wait = {"type": "waitForEvent", "metadata": {"event": "approved"}, **schema}
    play = Play(flow_of({"begin": {}, "w": wait, "end": {}}, (("begin", "w"), ("w", "end"))))
    assert (play.run.status, play.run.next_wake_at) == ("waiting", None)
    with pytest.raises(NotFound, match="approved"):
        play.act(lambda d: send_event(d, "w", {}, None))
    with pytest.raises(InvalidInput, match="by"):
        play.act(lambda d: send_event(d, "approved", {}, None))
    play.act(lambda d: send_event(d, "approved", {"by": "alice"}, None))
    assert play.run.status == "completed"
    with pytest.raises(Refused):
        play.act(lambda d: send_event(d, "approved", {"by": "alice"}, None))


def test_a_decision_without_an_open_way_is_left_again_after_the_state_was_edited() -> None:
    flow = flow_of(
        {"begin": {}, "d": {"type": "decision"}, "a": {}, "end": {}},
        (("begin", "d"), ("d", "a", "state.size > 10"), ("a", "end")),
        state={"size": 3},
    )
    play = Play(flow)
    failure = play.branches["main"].current.failure  # type: ignore[union-attr]
    assert failure is not None
    assert failure.type == "NoConnection"
    assert "state.size is 3" in failure.message
    play.act(lambda d: edit_state(d, {"size": 11}))
    assert play.starts == []
    play.act(lambda d: retry(d, "main"))
    play.to_end()
    assert play.run.status == "completed"
    assert play.run.visits["d"] == 1


def test_a_condition_that_throws_is_a_failure_naming_it() -> None:
    steps = {"begin": {}, "d": {"type": "decision"}, "a": {}, "end": {}}
    play = Play(flow_of(steps, (("begin", "d"), ("d", "a", "state.x.y"), ("d", "end"), ("a", "end"))))
    assert "state.x.y" in play.branches["main"].current.failure.message  # type: ignore[union-attr]


def test_a_default_way_is_taken_wherever_it_stands() -> None:
    steps = {"begin": {}, "d": {"type": "decision"}, "a": {}, "b": {}, "end": {}}
    ways = (("begin", "d"), ("d", "b"), ("d", "a", "state.yes"), ("a", "end"), ("b", "end"))
    assert Play(flow_of(steps, ways, state={"yes": True})).call("a")
    assert Play(flow_of(steps, ways, state={"yes": False})).call("b")


def test_a_timer_keeps_its_date_through_a_hold_and_fires_at_its_release() -> None:
    steps = {"begin": {}, "t": {"type": "resumeAfter", "duration": "1 hour"}, "end": {}}
    play = Play(flow_of(steps, (("begin", "t"), ("t", "end"))))
    due = play.run.next_wake_at
    play.move(600)
    assert play.run.next_wake_at == due
    play.holds = [Hold("run=run-1", "alice", play.now)]
    play.move(7_200)
    assert (play.run.status, play.run.next_wake_at) == ("paused", None)
    play.holds = [Hold("run=run-1", "alice", play.now, released_at=play.now)]
    play.wake()
    assert play.run.status == "completed"


@pytest.mark.parametrize(("clocks", "expired"), [("stop", False), ("run", True)])
def test_a_hold_stops_starts_and_polls_and_the_clocks_unless_they_are_to_run(clocks: str, expired: bool) -> None:
    note = {"metadata": {"timeout": {"startToClose": 100}, "poll": {"interval": 30}}}
    play = Play(flow_of({"begin": {}, "a": note, "end": {}}, (("begin", "a"), ("a", "end"))))
    play.answer("a", Started("job-1"))
    play.holds = [Hold("system=fake", "alice", play.now, clocks=clocks)]
    play.move(500)
    assert not any(a.verb == "poll" for a in play.open.values())
    assert play.branches["main"].expired is expired
    if not expired:
        play.holds = [Hold("system=fake", "alice", play.holds[0].at, released_at=play.now)]
        play.wake()
        assert play.run.next_wake_at is not None
        assert 0 <= (play.run.next_wake_at - play.now).total_seconds() <= 30
        play.move(30)
        assert play.call("a", verb="poll")


def test_a_state_change_against_the_schema_fails_the_step_and_keeps_its_result() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    play = Play(flow_of(["begin", "a", "end"], (("begin", "a"), ("a", "end")), schema=schema))
    play.complete("a", {"report": 7}, state={"n": "seven"})
    visit = play.branches["main"].current
    assert visit is not None
    assert (play.run.status, visit.result) == ("failed", {"report": 7})
    assert play.run.state == {}


def test_a_result_too_large_fails_the_step() -> None:
    play = Play(flow_of(["begin", "a", "end"], (("begin", "a"), ("a", "end"))))
    play.complete("a", "x" * 300_000)
    assert play.run.status == "failed"


def test_a_wake_moves_a_thousand_steps_and_is_due_again_and_a_loop_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.engine.moves.MAXIMUM_VISITS", 2_500)
    steps = {"begin": {}, "x": {"type": "decision"}, "y": {"type": "decision"}, "end": {}}
    play = Play(flow_of(steps, (("begin", "x"), ("x", "y"), ("y", "x", "true"), ("y", "end"))))
    assert play.run.total_visits == 1_000
    assert play.run.next_wake_at == play.now
    play.wake()
    play.wake()
    assert play.run.status == "failed"
    assert play.run.failure is not None
    assert play.run.failure.type == "TooManyVisits"
    assert play.run.next_wake_at is None
