"""An author checks a flow and is told everything that is wrong with it at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.errors import FlowProblems
from runtime.flow.read.loader import Problem, check_flow, flow_from_stored, flow_hash, read_flow
from tests.unit.flow.written import flow, found, step, ways

ROOT = Path(__file__).parents[3]
PUBLIC = ROOT.parent / "shared" / "flowjson"
needs_public = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public FlowJSON files are not beside the repository")


@needs_public
@pytest.mark.parametrize("name", ["fork-join-flow", "support-ticket-routing", "user-onboarding"])
def test_the_public_flows_are_valid_and_without_doubts(name: str) -> None:
    read, problems, warnings = check_flow((PUBLIC / f"{name}.json").read_bytes())
    assert read is not None
    assert (problems, warnings) == ([], [])
    assert read == flow_from_stored(json.loads((PUBLIC / f"{name}.json").read_text()))


@needs_public
def test_params_get_the_defaults_of_their_schema() -> None:
    read = read_flow((PUBLIC / "user-onboarding.json").read_bytes())
    welcome = next(s for s in read.steps if s.id == "send-welcome")
    assert welcome.params == {"template": "welcome-email-v2"}
    assert welcome.owner == "engagement-team"
    assert read.global_state == {"userId": "001", "profileIsComplete": True}


@needs_public
def test_what_our_schema_takes_the_public_schema_takes_too() -> None:
    import jsonschema_rs

    public = jsonschema_rs.validator_for(json.loads((PUBLIC / "flow.schema.json").read_text()))
    source = flow(metadata={"schedule": {"every": "5 minutes"}})
    source["steps"][3]["metadata"] = {"join": {"atLeast": 1}, "retry": {"maximumAttempts": 3}}
    assert found(source) == set()
    assert public.is_valid(source)
    for breaking in ({"globalStateSchema": {"type": "strng"}}, {"globalStateSchema": {"enum": [1]}}, {"id": 5},
                     {"globalState": None}, {"connections": [{"id": "c"}]}, {"steps": [{"id": "x", "type": "task"}]},
                     {"steps": [step("t", "resumeAfter", duration="5m")]}, {"steps": [step("t", "resumeAfter")]},
                     {"steps": [step("t", "waitForEvent", eventInput={})]}):  # fmt: skip
        assert not public.is_valid({**source, **breaking})
        assert {code for code, _ in found({**source, **breaking})} & {"SCHEMA", "DURATION"}


def test_every_kind_of_problem_is_told_at_once_with_its_place() -> None:
    source = flow(
        [
            step("b", "begin"),
            step("x", metadata={"join": "all", "task": {"system": "telex", "text": "${1 +}"}}),
            step("y", paramsSchema={"type": "object", "required": ["to"]}, params={"cc": 1}),
            step("j", metadata={"join": {"atLeast": 3}, "forEach": None, "retry": {"initialInterval": "5 parsecs"}}),
            step("e", "end"),
            step("e", "end"),
            step("b2", "begin"),
            step("wait", "resumeAfter", duration="5m"),
            step(
                "event",
                "waitForEvent",
                eventInput={"eventInputSchema": {"type": "string"}, "value": 1},
                eventOutput={
                    "eventOutputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}},
                    "value": {"n": "1"},
                },
            ),
            step("odd", "teleport"),
        ],
        [
            *ways("b>x", "b>y", "x>j", "y>j", "j>e", "e>b", "x>nowhere"),
            {"id": "c0", "sourceStepId": "x", "targetStepId": "j", "condition": "1; 2"},
        ],
        globalStateSchema={"type": "object", "properties": {"n": {"type": "number"}}},
        globalState={"n": "many"},
    )
    problems = check_flow(source, known_systems={"http": lambda binding: []}, bound_steps=frozenset({"j"}))[1]
    assert {(p.code, p.path) for p in problems} == {
        ("SCHEMA", "$.steps[3].metadata.forEach"),
        ("SCHEMA", "$.steps[9].type"),
        ("DURATION", "$.steps[3].metadata.retry.initialInterval"),
        ("DURATION", "$.steps[7].duration"),
        ("DUPLICATE_ID", "$.steps[5].id"),
        ("DUPLICATE_ID", "$.connections[7].id"),
        ("BEGIN_COUNT", "$.steps[6]"),
        ("END_COUNT", "$.steps[5]"),
        ("CONNECTION_ERROR", "$.connections[5].sourceStepId"),
        ("CONNECTION_ERROR", "$.connections[5].targetStepId"),
        ("CONNECTION_ERROR", "$.connections[6].targetStepId"),
        ("JOIN_POLICY", "$.steps[1].metadata.join"),
        ("GLOBAL_STATE_VALIDATION_ERROR", "$.globalState.n"),
        ("STEP_PARAMS_VALIDATION_ERROR", "$.steps[2].params"),
        ("STEP_EVENT_INPUT_VALIDATION_ERROR", "$.steps[8].eventInput.value"),
        ("STEP_EVENT_OUTPUT_VALIDATION_ERROR", "$.steps[8].eventOutput.value.n"),
        ("CONDITION_SYNTAX", "$.connections[7].condition"),
        ("CONDITION_SYNTAX", "$.steps[1].metadata.task.text"),
        ("UNKNOWN_SYSTEM", "$.steps[1].metadata.task.system"),
        ("UNBOUND_TASK", "$.steps[2]"),
    }
    assert all(problem.message.endswith(".") for problem in problems)
    with pytest.raises(FlowProblems, match="problems") as caught:
        read_flow(source)
    assert all(isinstance(problem, Problem) for problem in caught.value.problems)
    assert len(caught.value.problems) > 15


def test_steps_nothing_leads_to_are_told_when_there_is_one_begin() -> None:
    source = flow([step("b", "begin"), step("x"), step("u"), step("v")], ways("b>x", "u>v", "v>u"))
    assert found(source) == {("UNREACHABLE_STEP", "$.steps[2]"), ("UNREACHABLE_STEP", "$.steps[3]")}
    assert found(flow([step("x")], [])) == {("BEGIN_COUNT", "$.steps")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xff{}",
        b"[" * 100_000,
        b'{"a": 18446744073709551616}',
        b" " * 5_000_001,
        "{" + '"a":{' * 300,
        "{'a': 1}",
        json.dumps({"steps": [1] * 10_001}),
        b'{"a":' * 500 + b"1" + b"}" * 500,
    ],
)
def test_what_is_no_usable_json_is_one_problem_with_a_sentence(data: bytes | str) -> None:
    began = time.process_time()
    read, problems, _ = check_flow(data)
    assert read is None
    assert len(problems) == 1
    assert problems[0].code == "SCHEMA"
    assert problems[0].message.endswith(".")
    assert time.process_time() - began < 5


def test_lone_surrogates_are_replaced_and_a_byte_order_mark_is_passed_over() -> None:
    text = json.dumps(flow(name="a\ud800b"))
    assert read_flow(text).name == "a\ufffdb"
    assert read_flow(b"\xef\xbb\xbf" + text.encode()).hash == read_flow(text).hash


def test_a_key_given_twice_is_doubtful() -> None:
    text = json.dumps(flow())
    _, problems, warnings = check_flow(text[:-1] + ', "id": "g"}')
    assert problems == []
    assert [w.code for w in warnings] == ["DUPLICATE_KEY"]


def test_the_hash_is_that_of_the_content_not_of_its_writing() -> None:
    source = flow()
    assert read_flow(json.dumps(source, indent=4)).hash == flow_hash(dict(reversed(source.items())))
    assert flow_hash(source) != flow_hash({**source, "version": "2"})


def test_blank_conditions_are_none() -> None:
    source = flow()
    source["connections"][0]["condition"] = " "
    assert read_flow(source).connections[0].condition is None


def test_an_event_takes_its_payload_schema_from_the_output_then_the_input() -> None:
    one, other = {"type": "string"}, {"type": "integer"}
    both = step("w", "waitForEvent", eventInput={"eventInputSchema": one}, eventOutput={"eventOutputSchema": other})
    only = step("v", "waitForEvent", eventInput={"eventInputSchema": one}, metadata={"event": "paid"})
    read = read_flow(flow([step("b", "begin"), both, only], ways("b>w", "w>v")))
    assert (read.steps[1].event, read.steps[1].event_schema) == ("w", other)
    assert (read.steps[2].event, read.steps[2].event_schema) == ("paid", one)


def test_ten_thousand_steps_are_checked_in_reasonable_time() -> None:
    names = ["b", *(f"s{n}" for n in range(9_999))]
    connections = ways(*(f"{a}>{z}" for a, z in pairwise(names)))
    for number, connection in enumerate(connections):
        connection["condition"] = f"state.n > {number}"
    source = flow([step("b", "begin"), *(step(name) for name in names[1:])], connections)
    began = time.process_time()
    assert found(json.dumps(source)) == set()
    assert time.process_time() - began < 20, "it takes two seconds; anything quadratic takes minutes"


def test_stored_flows_are_read_without_any_schema_library() -> None:
    code = (
        "import sys, json; from runtime.flow.read.loader import flow_from_stored;"
        "flow_from_stored(json.loads(sys.stdin.read()));"
        "sys.exit(bool({'pydantic', 'jsonschema_rs', 'quickjs'} & set(sys.modules)))"
    )
    source = json.dumps(flow()).encode()
    assert subprocess.run([sys.executable, "-c", code], input=source, cwd=ROOT, check=False).returncode == 0
