"""A sample fits the schema it was made from, or is not given."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.flow.json_schema import check
from runtime.flow.sample import NoSample, sample

FOUND = [
    {},
    {"type": "string"},
    {"type": "string", "minLength": 3},
    {"type": ["null", "integer"], "minimum": 4},
    {"type": "number", "minimum": 0.5},
    {"type": "integer", "minimum": 0.5},
    {"type": "boolean"},
    {"enum": ["b", "a"]},
    {"const": {"x": [1]}},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
    {"type": "string", "pattern": "^[A-Z]{2}$", "examples": ["AB"]},
    {"type": "string", "maxLength": 2, "default": "ab"},
    {"allOf": [{"type": "string"}, {"maxLength": 4}]},
    {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
    {
        "type": "object",
        "required": ["deep"],
        "properties": {"deep": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}},
    },
]
NOT_FOUND: list[Any] = [
    False,
    {"type": "string", "pattern": "^[A-Z]{2}$"},
    {"type": "string", "examples": [5]},
    {"type": "integer", "exclusiveMinimum": 0},
    {"type": "array", "contains": {"const": 7}},
    {"not": {}},
]


@pytest.mark.parametrize("schema", FOUND)
def test_a_sample_fits(schema: Any) -> None:
    assert check(schema, sample(schema)) == []


@pytest.mark.parametrize("schema", NOT_FOUND)
def test_where_none_is_known_none_is_given(schema: Any) -> None:
    with pytest.raises(NoSample):
        sample(schema)


def test_what_is_not_required_is_left_out_and_flags_are_false() -> None:
    properties = {"approved": {"type": "boolean"}, "by": {"type": "string"}, "note": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "required": ["approved", "by"]}
    assert sample(schema) == {"approved": False, "by": ""}
