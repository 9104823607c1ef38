"""Branches change the state side by side: changes are merged, and none is lost in silence."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.calls.request import build_call
from runtime.engine.advance import advance
from runtime.engine.apply import Observed
from runtime.engine.draft import Draft
from runtime.engine.merging import MISSING, UNKNOWN, Length, Unmergeable, merged
from runtime.engine.repair import controls
from runtime.errors import InvalidInput
from runtime.flow.program import Binding
from runtime.flow.read.loader import check_flow
from runtime.model.branch import Branch
from runtime.model.codec import reader, to_bytes
from runtime.model.run import Firing, Run
from runtime.model.stored import Stored
from tests.unit.engine.play import Completed, Failed, Play, flow_of

WAYS = (("begin", "a"), ("begin", "b"), ("a", "join"), ("b", "join"), ("join", "end"))


def fork(merge: dict[str, str] | None = None, state: Any = None, schema: Any = None, **notes: Any) -> dict[str, Any]:
    """Two branches, a before b in the file."""
    flow = flow_of(
        {"begin": {}, "a": {}, "b": {}, "join": {}, "end": {}, **notes}, WAYS, state=state or {}, schema=schema
    )
    return {**flow, "metadata": {"merge": merge or {}}}


def assign(**expressions: str) -> dict[str, Any]:
    return {"metadata": {"assign": expressions}}


def told(play: Play) -> list[str]:
    """What the history says was replaced."""
    return [entry.message for entry in play.history if entry.kind == "state_replaced"]


def answer_together(play: Play, outcomes: dict[str, Any]) -> None:
    """Answer the calls of several steps in one save."""
    seen = []
    for step, outcome in outcomes.items():
        action = play.call(step)
        del play.open[action.slot]
        seen.append(Observed(action, outcome, play.now, 1.0))
    play._take(advance(play.situation, play.stored, seen, in_flight=play.open.keys()))


def die(play: Play) -> None:
    """The process dies: all that is left is what was saved."""
    stored = play.stored
    play.stored = Stored(
        reader(Run).decode(to_bytes(stored.run)),
        {i: reader(Branch).decode(to_bytes(b)) for i, b in stored.branches.items()},
        tuple(reader(Firing).decode(to_bytes(f)) for f in stored.firings),
    )


def test_the_later_of_two_saves_replaces_and_history_says_what_was_lost() -> None:
    play = Play(fork())
    play.complete("b", state={"plan": "basic", "b": 1})
    play.complete("a", state={"plan": "pro", "a": 1})
    assert play.run.state == {"plan": "pro", "a": 1, "b": 1}
    assert told(play) == ['state.plan: "basic" of branch main/begin.1/b was replaced by "pro" of branch main/begin.1/a']


@pytest.mark.parametrize("first", ["a", "b"])
def test_in_one_save_the_file_order_of_the_connections_decides(first: str) -> None:
    play = Play(fork())
    other = "b" if first == "a" else "a"
    answer_together(play, {s: Completed(None, {"plan": s}) for s in (first, other)})
    assert play.run.state == {"plan": "b"}
    assert len(told(play)) == 1
    assert '"a" of branch main/begin.1/a was replaced by "b"' in told(play)[0]


def test_steps_of_unequal_depth_merge_in_the_order_of_their_fork_within_one_save() -> None:
    """The first branch comes to its assignment three steps later than the second, in the same wake."""
    passing: dict[str, Any] = {"type": "decision"}
    flow = flow_of(
        {
            "begin": {},
            **dict.fromkeys(("a1", "a2", "a3"), passing),
            "a": {**passing, **assign(k="'a'", order="[...state.order, 'a']")},
            "b": {**passing, **assign(k="'b'", order="[...state.order, 'b']")},
            "end": {"metadata": {"assign": {"seen": "state.k"}}},
        },
        [("begin", "a1"), ("begin", "b"), ("a1", "a2"), ("a2", "a3"), ("a3", "a"), ("a", "end"), ("b", "end")],
        state={"order": ["start"]},
    )
    play = Play({**flow, "metadata": {"merge": {"order": "append"}}})
    assert play.run.status == "completed"
    assert play.run.state == {"order": ["start", "a", "b"], "k": "b", "seen": "b"}
    assert told(play) == ['state.k: "a" of branch main/begin.1/a1 was replaced by "b" of branch main/begin.1/b']


def test_what_a_branch_read_after_the_change_is_no_conflict() -> None:
    play = Play(fork(join={}))
    play.complete("a", state={"n": 1})
    play.complete("b")
    play.complete("join", state={"n": 2})
    assert play.run.state == {"n": 2}
    assert not told(play)


def test_the_same_value_twice_is_nothing_lost() -> None:
    play = Play(fork())
    play.complete("a", state={"plan": "pro"})
    play.complete("b", state={"plan": "pro"})
    assert not told(play)
    play = Play(fork())
    play.complete("a", state={"plan": 1})
    play.complete("b", state={"plan": True})
    assert play.run.state["plan"] is True, "1 and true are two values"
    assert len(told(play)) == 1


def test_a_new_attempt_has_read_anew() -> None:
    retry = {"metadata": {"retry": {"maximumAttempts": 2, "initialInterval": 1}}}
    play = Play(fork(a=retry))
    play.complete("b", state={"n": 1})
    play.fail("a")
    play.move(1)
    play.complete("a", state={"n": 2})
    assert not told(play)


def test_an_edit_of_an_operator_is_not_replaced_in_silence() -> None:
    play = Play(fork(state={"n": 1}))
    play.act(lambda d: controls.edit_state(d, {"n": 5}))
    play.complete("a", state={"n": 2})
    assert told(play) == ["state.n: 5 of an edit was replaced by 2 of branch main/begin.1/a"]


def test_an_edit_that_changes_only_a_type_is_an_edit() -> None:
    play = Play(fork(state={"n": 1}))
    play.act(lambda d: controls.edit_state(d, {"n": True}))
    assert play.run.state["n"] is True


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_every_rule_keeps_what_both_branches_did(order: str, together: bool) -> None:
    rules = {"list": "append", "sum": "add", "tree": "deep"}
    start = {"list": [0], "sum": 10, "tree": {"x": 1, "in": {"old": 1, "gone": 1}}}
    play = Play(fork(rules, start))
    changes = {
        "a": Completed(None, {"list": [0, "a"], "sum": 13, "tree": {"x": 1, "in": {"old": 1, "a": 1, "gone": 1}}}),
        "b": Completed(None, {"list": ["b"], "sum": 6, "tree": {"x": 2, "in": {"old": 1, "gone": 1}}}),
    }
    if together:
        answer_together(play, {s: changes[s] for s in order})
    else:
        for step in order:
            play.answer(step, changes[step])
    state = play.run.state
    assert state["sum"] == 9
    assert state["tree"] == {"x": 2, "in": {"old": 1, "a": 1, "gone": 1}} or not together
    assert state["tree"]["in"]["a"] == 1
    assert "a" in state["list"] and "b" in state["list"]


def test_a_request_tells_exactly_what_was_read() -> None:
    """With what its request held, a branch that removes or keeps leaves is told from one that does not know them."""
    play = Play(fork({"tree": "deep"}, {"tree": {"x": 1, "y": 1}}))
    read = play.run.state
    play.complete("b", state={"tree": {"x": 1, "y": 1, "b": 1}})
    action = play.call("a")
    del play.open[action.slot]
    seen = Observed(action, Completed(None, {"tree": {"x": 5}}), play.now, 1.0, read)
    play._take(advance(play.situation, play.stored, [seen], in_flight=play.open.keys()))
    assert play.run.state == {"tree": {"x": 5, "b": 1}}
    assert not told(play)


@pytest.mark.parametrize(
    ("rule", "first", "second", "sentence"),
    [
        ("append", ["x"], "y", "`append` merges lists, but this is a text"),
        ("add", 1, "2", "`add` merges numbers, but this is a text"),
        ("add", 1, True, "`add` merges numbers, but this is true"),
        ("deep", {"x": 1}, [1], "`deep` merges objects, but this is a list"),
        ("add", 2**63, 2**63, "beyond 64 bits"),
    ],
)
def test_values_that_a_rule_cannot_merge_fail_the_step_and_keep_its_result(
    rule: str, first: Any, second: Any, sentence: str
) -> None:
    play = Play(fork({"k": rule}))
    play.complete("a", state={"k": first})
    play.complete("b", "the result", state={"k": second, "other": 1})
    visit = play.branches["main/begin.1/b"].steps[-1]
    assert visit.failure is not None
    assert visit.failure.type == "InvalidState"
    assert sentence in visit.failure.message
    assert visit.result == "the result"
    assert play.run.state == {"k": first}, "nothing of a refused change stays"


STEPS: dict[str, dict[str, Any]] = {
    "task": {"type": "task"},
    "event": {"type": "waitForEvent"},
    "timer": {"type": "resumeAfter", "duration": "1 minute"},
    "decision": {"type": "decision"},
    "each": {"type": "task", "metadata": {"forEach": "[1, 2]"}},
    "no_items": {"type": "task", "metadata": {"forEach": "[]"}},
}


def one(kind: str, expressions: dict[str, str], schema: Any = None) -> dict[str, Any]:
    """A flow of one step of a kind, with `assign`."""
    note = STEPS[kind]
    step = {**note, "metadata": {**note.get("metadata", {}), "assign": expressions}}
    return flow_of(
        {"begin": {}, "step": step, "end": {}}, [("begin", "step"), ("step", "end")], state={"n": 2}, schema=schema
    )


def bring(play: Play, kind: str, result: Any) -> None:
    """Let the step end with a result."""
    if kind == "event":
        play.act(lambda d: controls.send_event(d, "step", result, None))
    elif kind == "timer":
        play.move(60)
    elif kind == "task":
        play.complete("step", result)
    elif kind == "each":
        play.complete("step", result, index=0)
        play.complete("step", result, index=1)


@pytest.mark.parametrize("kind", STEPS)
def test_assign_changes_the_state_whatever_the_step_is(kind: str) -> None:
    play = Play(one(kind, {"was": "result", "n": "state.n + 1", "flow": "run.flow"}))
    bring(play, kind, {"planType": "pro"})
    expected = {"timer": None, "decision": None, "each": [{"planType": "pro"}] * 2, "no_items": []}
    assert play.run.state == {"n": 3, "was": expected.get(kind, {"planType": "pro"}), "flow": "play"}
    assert play.run.status == "completed"


@pytest.mark.parametrize("kind", [k for k in STEPS if k != "event"])
@pytest.mark.parametrize(
    ("code", "schema", "type_"),
    [("result.x.y.z", None, "ExpressionError"), ("'text'", {"properties": {"n": {"type": "integer"}}}, "InvalidState")],
)
def test_an_assign_that_cannot_be_fails_the_step_and_keeps_its_result(
    kind: str, code: str, schema: Any, type_: str
) -> None:
    play = Play(one(kind, {"n": code}, {"type": "object", **schema} if schema else None))
    bring(play, kind, {"id": 7})
    failed = play.branches["main"]
    assert failed.status == "failed"
    visit = failed.steps[-1]
    assert visit.failure is not None
    assert visit.failure.type == type_
    assert "step" in visit.failure.message
    assert visit.result == {"task": {"id": 7}, "each": [{"id": 7}] * 2, "no_items": []}.get(kind)
    assert play.run.state == {"n": 2}


def test_a_payload_or_result_by_hand_that_assign_cannot_use_is_refused() -> None:
    play = Play(one("event", {"n": "result.plan.type"}))
    for act in (
        lambda d: controls.send_event(d, "step", {}, None),
        lambda d: controls.skip(d, "main", None),
    ):
        with pytest.raises(InvalidInput, match="assign of step, n"):
            play.act(act)
    play.act(lambda d: controls.skip(d, "main", {"plan": {"type": "pro"}}))
    assert play.run.state == {"n": "pro"}


def test_a_skipped_task_assigns_from_the_result_given_by_hand() -> None:
    play = Play(one("task", {"n": "result"}))
    play.act(lambda d: controls.skip(d, "main", 9))
    assert play.run.state == {"n": 9}


@pytest.mark.parametrize("code", ["result", "state.n + result"])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_numbers_assigned_side_by_side_add_up(code: str, order: str) -> None:
    play = Play(fork({"n": "add"}, {"n": 0}, a=assign(n=code), b=assign(n=code)))
    for step in order:
        play.complete(step, {"a": 3, "b": 4}[step])
    assert play.run.state == {"n": 7}


def test_items_of_a_dynamic_fork_add_up_and_the_whole_assigns_once() -> None:
    each = {"metadata": {"forEach": "[1, 2, 3]", "assign": {"calls": "state.calls + 1", "all": "result"}}}
    flow = flow_of(
        {"begin": {}, "e": each, "end": {}}, [("begin", "e"), ("e", "end")], state={"n": 0, "seen": [], "calls": 0}
    )
    play = Play({**flow, "metadata": {"merge": {"n": "add", "seen": "append", "calls": "add"}}})
    for index in (2, 0, 1):
        play.complete("e", index, index=index, state={"n": index + 1, "seen": [index]})
    assert play.run.state == {"n": 6, "seen": [2, 0, 1], "calls": 1, "all": [0, 1, 2]}
    assert not told(play)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.data())
def test_sums_and_lists_do_not_depend_on_the_order_of_arrival(width: int, data: st.DataObject) -> None:
    """Whatever is answered when, alone or together, nothing that was added or appended is lost."""
    names = [f"t{n}" for n in range(width)]
    styles = {n: data.draw(st.sampled_from(["whole", "assign"])) for n in names}
    notes = {
        n: assign(list="[...state.list, result]", sum="state.sum + result", last="result")
        if styles[n] == "assign"
        else {}
        for n in names
    }
    ways = [("begin", n) for n in names] + [(n, "join") for n in names] + [("join", "end")]
    flow = flow_of({"begin": {}, **notes, "join": {}, "end": {}}, ways, state={"list": [0], "sum": 100})
    play = Play({**flow, "metadata": {"merge": {"list": "append", "sum": "add"}}})
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    left = list(names)
    chance.shuffle(left)
    arrived: list[list[str]] = []
    while left:
        some, left = left[: (cut := chance.randint(1, 3))], left[cut:]
        number = {n: int(n[1:]) + 1 for n in some}
        answer_together(
            play,
            {
                n: Completed(number[n])
                if styles[n] == "assign"
                else Completed(None, {"list": [0, number[n]], "sum": 100 + number[n], "last": number[n]})
                for n in some
            },
        )
        arrived.append(some)
        if chance.random() < 0.5:
            die(play)
    assert play.run.state["sum"] == 100 + sum(range(1, width + 1))
    assert Counter(play.run.state["list"]) == Counter(range(width + 1))
    assert play.run.state["last"] == max(int(n[1:]) + 1 for n in arrived[-1]), "in one save the file order decides"
    assert len(told(play)) == width - 1, "every value of `last` that was replaced was told"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=4), st.permutations([[7], [8, 8], [9]]))
def test_appending_keeps_the_items_of_all(read: list[int], added: list[list[int]]) -> None:
    now: Any = list(read)
    for more in added:
        now = merged("append", now, Length(len(read)), [*read, *more])
    assert now[: len(read)] == read
    assert Counter(now) == Counter([*read, 7, 8, 8, 9])


def test_missing_values_begin_as_nothing() -> None:
    assert merged("add", MISSING, MISSING, 3) == 3
    assert merged("append", MISSING, UNKNOWN, [1]) == [1]
    assert merged("deep", None, UNKNOWN, {"x": 1}) == {"x": 1}
    assert merged("replace", 1, UNKNOWN, 2) == 2
    with pytest.raises(Unmergeable):
        merged("add", "1", 1, 2)


def test_assign_and_merge_are_checked_when_a_flow_is_read() -> None:
    flow = one("decision", {"n": "1 +"})
    for wrong, place in (
        ({**flow}, "$.steps[1].metadata.assign.n"),
        ({**one("decision", {"": "1"})}, "$.steps[1].metadata.assign"),
        ({**one("decision", {"n": 5}), "metadata": {}}, "$.steps[1].metadata.assign.n"),  # type: ignore[dict-item]
        ({**one("decision", {"n": "1"}), "metadata": {"merge": {"n": "sum"}}}, "$.metadata.merge.n"),
    ):
        found, problems, _ = check_flow(wrong)
        assert found is None
        assert any(problem.path.startswith(place) for problem in problems), problems
    found, problems, _ = check_flow({**one("decision", {"n": "1"}), "metadata": {"merge": {"n": "add"}}})
    assert found is not None, problems


@pytest.mark.parametrize("system", ["local", "python"])
def test_python_that_changes_the_state_it_was_given_in_place_changes_nothing_else(system: str) -> None:
    """What was read must stay known: else `append` would find nothing added."""
    play = Play(fork({"list": "append"}, {"list": [0]}))
    for step in ("a", "b"):
        play.program.bindings[step] = Binding(system)  # type: ignore[index]
    draft = Draft(play.situation, play.run, play.branches)
    call, _ = build_call(play.call("a"), draft)
    call.request.state["list"].append(1)
    assert draft.state == play.run.state == {"list": [0]}
    action = play.call("a")
    del play.open[action.slot]
    seen = Observed(action, Completed(None, dict(call.request.state)), play.now, 1.0, draft.state)
    play.complete("b", state={"list": [0, 2]})
    play._take(advance(play.situation, play.stored, [seen], in_flight=play.open.keys()))
    assert play.run.state == {"list": [0, 2, 1]}


def test_a_failed_branch_changes_nothing() -> None:
    play = Play(fork(a=assign(n="1")))
    play.answer("a", Failed("no"))
    assert play.run.state == {}
