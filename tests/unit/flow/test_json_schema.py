"""State, results and payloads are checked by schemas that cannot hang or fetch anything."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runtime.errors import InvalidInput
from runtime.flow.json_schema import apply_defaults, check, check_json, schema_problems


def test_problems_are_sentences_with_their_place() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"a b": {"items": {"type": "integer"}}}}
    assert check(schema, {"id": 1, "a b": [1]}) == []
    assert sorted(check(schema, {"a b": [1, "x"]})) == [
        '$: "id" is a required property.',
        '$["a b"][1]: "x" is not of type "integer".',
    ]


def test_a_pattern_made_to_hang_is_answered_at_once() -> None:
    began = time.process_time()
    assert len(check({"pattern": "^(a+)+$"}, "a" * 100_000 + "b")) == 1
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://example.com/s"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/gone"},
        {"type": "text"},
        5,
        {"pattern": "(?=look)"},
        {"pattern": "("},
        {"$schema": "http://example.com/meta"},
        {"properties": []},
    ],
)
def test_an_unusable_schema_says_so(schema: Any) -> None:
    for sentences in (schema_problems(schema), check(schema, {})):
        assert len(sentences) == 1
        assert sentences[0].startswith("The schema itself cannot be used: ")


def test_references_within_the_schema_work() -> None:
    schema = {"definitions": {"id": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/id"}}}
    assert check(schema, {"a": "x"}) == []
    assert len(check(schema, {"a": 1})) == 1
    assert len(check({"items": {"type": "string"}}, [1] * 1000)) == 51
    assert len(check({"const": "a" * 5000}, "b" * 5000)[0]) < 600


def test_defaults_are_filled_in_where_something_is_missing() -> None:
    schema = {
        "properties": {
            "a": {"default": 1},
            "b": {"properties": {"c": {"default": [2]}, "d": {}}},
            "e": {"default": {}, "properties": {"f": {"default": None}}},
            "g": {"properties": {"h": {}}},
        }
    }
    assert apply_defaults(schema, {}) == {"a": 1, "b": {"c": [2]}, "e": {"f": None}}
    assert apply_defaults(schema, {"a": None, "b": 5, "z": 1}) == {"a": None, "b": 5, "z": 1, "e": {"f": None}}
    assert apply_defaults(schema, [1]) == [1]
    assert apply_defaults(True, {"a": 1}) == {"a": 1}
    given = {"b": {"d": 1}}
    apply_defaults(schema, given)
    assert given == {"b": {"d": 1}}, "what was given is not changed"


def test_storable_values_pass_and_lone_surrogates_are_replaced() -> None:
    value = {"n": [2**64 - 1, -(2**63), 1.5, None, True, "é"], "t": (1,)}
    assert check_json(value, 1000, "The state") == {**value, "t": [1]}
    assert check_json({"\ud800": "a\udfff"}, 1000, "The state") == {"\ufffd": "a\ufffd"}
    assert check_json("\ud83d\ude00", 1000, "The state") == "\U0001f600"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "nan"),
        ({"a": [float("inf")]}, r"\$\.a\[0\]"),
        (2**64, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        ({1: 2}, "not text"),
        ({"a": {1, 2}}, "a set"),
        (b"x", "bytes"),
        ("x" * 99, "too large: 101 bytes"),
    ],
)
def test_what_cannot_be_stored_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(InvalidInput, match=rf"The result .*{reason}.*\.$"):
        check_json(value, 100, "The result of x")


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = None
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidInput, match="100 levels"):
        check_json(value, 10**9, "The payload")
