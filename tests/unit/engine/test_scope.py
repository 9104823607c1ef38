"""What an expression of a flow can name: the words of the contract, and properties of the state by themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.calls.request import build_call
from runtime.engine.draft import Draft
from runtime.flow.expressions import sandbox
from runtime.flow.expressions.names import GLOBALS
from tests.unit.engine.play import Play, flow_of

SCHEMA = {
    "type": "object",
    "properties": {name: {} for name in ("activated", "late", "Math", "state", "env", "if", "key", "two words")},
}


def taken(condition: str, **state: Any) -> bool:
    """Whether a decision takes the way with this condition."""
    ways = [("begin", "d"), ("d", "yes", condition), ("d", "no")]
    flow = flow_of({"begin": {}, "d": {"type": "decision"}, "yes": {}, "no": {}}, ways, schema=SCHEMA, state=state)
    play = Play(flow)
    assert play.run.failure is None, play.run.failure
    return play.branches["main"].step_id == "yes"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("activated === true", True),
        ("activated === state.activated", True),
        ("late === undefined && typeof late === 'undefined'", True),
        ("late", False),
        ("[1, 2].map(activated => activated)[1] === 2", True),
        ("`${activated}` === 'true'", True),
        ("Math.max(1, 2) === 2 && key === 'door'", True),
        ("state.state === 's' && state['if'] === 5", True),
        (
            "run.id === 'run-1' && run.flow === 'play' && run.attempt === 0 && Object.keys(run.labels).length === 0",
            True,
        ),
        ("index === null && item === null && settled.length === 0", True),
    ],
)
def test_a_bare_name_is_a_property_of_the_state_unless_the_word_means_something_else(
    condition: str, expected: bool
) -> None:
    state = {"activated": True, "Math": 1, "state": "s", "env": {"HOME": "x"}, "if": 5, "key": "door", "two words": 2}
    assert taken(condition, **state) is expected


def test_a_name_that_is_nothing_fails_and_is_never_false() -> None:
    ways = [("begin", "yes", "actvated === true"), ("begin", "no", "true")]
    play = Play(flow_of({"begin": {}, "yes": {}, "no": {}}, ways, schema=SCHEMA))
    failure = play.branches["main"].steps[-1].failure
    assert failure is not None
    assert failure.type == "ConditionError"
    assert "actvated" in failure.message


def test_templates_know_item_index_run_and_the_state_by_itself() -> None:
    flow = flow_of(
        {"begin": {}, "a": {"metadata": {"forEach": "activated"}}}, [("begin", "a")], state={"activated": ["x", "y"]},
        schema=SCHEMA,
    )  # fmt: skip
    play = Play(flow)
    action = next(a for a in play.open.values() if a.branch.endswith(":1"))
    draft = Draft(play.situation, play.run, play.branches)
    _, scope = build_call(action, draft)
    written = "${item} ${index} ${run.id} ${run.attempt} ${activated[0]} ${late ?? 'never'} ${key === run.id}"
    assert scope.render(written) == "y 1 run-1 1 x never false"
    assert scope.render("${late}") is None
    assert scope.evaluate("response.a + activated.length", response={"a": 1}) == 3


def test_the_words_of_javascript_are_those_of_the_engine() -> None:
    context = sandbox.new_engine()
    context.eval(sandbox._PREPARE)(0, 0)
    there = set(json.loads(context.eval("JSON.stringify(Object.getOwnPropertyNames(globalThis))")))
    assert there == GLOBALS
