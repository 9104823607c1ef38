"""A small JSON value that fits a schema, for commands that can be pasted unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

_NOTES = ("$schema", "$id", "$comment", "title", "description", "default", "examples")
_SHAPES = ("type", "properties", "required", "additionalProperties", "items", "minItems", "minLength", "minimum")
UNDERSTOOD = frozenset((*_NOTES, *_SHAPES, "enum", "const"))
"""Keywords the sample observes; a value made under others is checked with the schema library."""
_DEEP = 20
_EMPTY: Mapping[str, Any] = {"string": "", "boolean": False, "null": None, "array": [], "object": {}}


class NoSample(Exception):
    """No value was found that fits."""


def sample(schema: Any) -> Any:
    """A minimal value that fits a schema: what is not required is left out, and flags are false.

    Raises NoSample if the value does not fit: the schema asks for more than is understood here.
    """
    understood = [True]
    value = _made(schema, understood, 0)
    if not understood[0]:
        from runtime.flow.json_schema import check

        if check(schema, value):
            raise NoSample(schema)
    return value


def _made(schema: Any, understood: list[bool], depth: int) -> Any:
    if schema is True or schema == {} or schema is None:
        return None
    if not isinstance(schema, Mapping) or depth > _DEEP:
        understood[0] = False
        return None
    if not UNDERSTOOD.issuperset(schema):
        understood[0] = False
        for part in (*schema.get("allOf", ())[:_DEEP], *schema.get("anyOf", ())[:1], *schema.get("oneOf", ())[:1]):
            schema = {**part, **schema} if isinstance(part, Mapping) else schema
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    for given in (schema.get("examples"), [schema["default"]] if "default" in schema else None):
        if isinstance(given, list) and given:
            understood[0] = False  # The schema of the author is unchecked.
            return given[0]
    kinds = schema.get("type", "object" if "properties" in schema else "null")
    kind = kinds if isinstance(kinds, str) else next((k for k in kinds if k != "null"), "null")
    if kind == "object":
        return _object(schema, understood, depth)
    if kind == "array":
        return [_made(schema.get("items", True), understood, depth + 1) for _ in range(int(schema.get("minItems", 0)))]
    if kind in ("number", "integer"):
        least = max(0, schema.get("minimum", 0))
        return ceil(least) if kind == "integer" else least
    if kind == "string":
        return "-" * int(schema.get("minLength", 0))
    if kind not in _EMPTY:
        understood[0] = False
    return _EMPTY.get(kind)


def _object(schema: Mapping[str, Any], understood: list[bool], depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {name: _made(properties.get(name, True), understood, depth + 1) for name in schema.get("required", ())}
