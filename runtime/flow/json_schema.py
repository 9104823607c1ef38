"""JSON Schema over state, params, results and payloads; the schema library is loaded when it is first needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runtime.flow.json_value import check_json, member_path

__all__ = ["apply_defaults", "check", "check_json", "schema_problems"]

_MOST_SENTENCES = 50
_MOST_DEFAULTS_DEEP = 100


def check(schema: Any, value: Any) -> list[str]:
    """Sentences about why a JSON value does not fit a schema, each with the JSON path; empty if it fits.

    Patterns are matched in linear time and references stay inside the schema. A schema that cannot be used gives
    sentences about itself.
    """
    found = _validator(_text(schema))
    if isinstance(found, str):
        return [found]
    sentences: list[str] = []
    try:
        for error in found.iter_errors(value):
            if len(sentences) == _MOST_SENTENCES:
                sentences.append(f"There are more than {_MOST_SENTENCES} problems; only these are shown.")
                break
            sentences.append(f"{_path(error.instance_path)}: {_cut(error.message)}.")
    except (ValueError, RecursionError) as problem:
        sentences.append(f"The value cannot be checked: {problem}.")
    return sentences


def schema_problems(schema: Any) -> list[str]:
    """Sentences about why a schema cannot be used; empty if it can."""
    found = _validator(_text(schema))
    return [found] if isinstance(found, str) else []


def apply_defaults(schema: Any, value: Any) -> Any:
    """The value with the `default`s of the properties it lacks, also within properties that are objects.

    A property that is absent and has no default of its own, but whose schema has properties with defaults, is made
    only if that gives something.
    """
    return _fill(schema, value, 0)


def _fill(schema: Any, value: Any, depth: int) -> Any:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(properties, Mapping) or depth > _MOST_DEFAULTS_DEEP:
        return value
    filled = dict(value)
    for name, part in properties.items():
        if not isinstance(part, Mapping):
            continue
        if name in filled:
            filled[name] = _fill(part, filled[name], depth + 1)
        elif "default" in part:
            filled[name] = _fill(part, part["default"], depth + 1)
        else:
            made = _fill(part, {}, depth + 1)
            if made:
                filled[name] = made
    return filled


def _text(schema: Any) -> str:
    return json.dumps(schema, default=dict, sort_keys=True)


@lru_cache(maxsize=256)
def _validator(text: str) -> Any:
    """A validator for a schema, or the sentence that says why there is none."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(
            json.loads(text),
            retriever=_refuse,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, RecursionError) as problem:
        reason = problem.message if isinstance(problem, jsonschema_rs.ValidationError) else str(problem)
        return f"The schema itself cannot be used: {_cut(reason.strip().splitlines()[0].rstrip('.'))}."


def _cut(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:200]} … {text[-200:]}"


def _refuse(uri: str) -> Any:
    raise ValueError(f"the reference {uri} leads out of the schema")


def _path(parts: list[str | int]) -> str:
    path = "$"
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else member_path(path, part)
    return path
