"""From the text of a flow file to JSON, within bounds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from runtime.flow.json_value import exact_json
from runtime.flow.problems import FlowWarning, Problem

MAXIMUM_BYTES = 5_000_000
"""A flow may have so many bytes."""
MAXIMUM_STEPS = 10_000


class _Unusable(ValueError):
    """JSON that no flow can be; its message is a sentence about the flow."""


def read_json(
    data: bytes | str | Mapping[str, Any],
) -> tuple[dict[str, Any] | None, list[Problem], list[FlowWarning]]:
    """The JSON object of a flow file; None and the problem if it cannot be checked further."""
    warnings: list[FlowWarning] = []
    try:
        value = _parse(data, warnings)
    except (ValueError, RecursionError) as problem:
        return None, [Problem("SCHEMA", "$", _sentence(problem))], warnings
    if not isinstance(value, dict):
        kind = "null" if value is None else type(value).__name__
        return None, [Problem("SCHEMA", "$", f"A flow is a JSON object, but this is {kind}.")], warnings
    steps = value.get("steps")
    if isinstance(steps, list) and len(steps) > MAXIMUM_STEPS:
        message = f"The flow has {len(steps):,} steps, more than the {MAXIMUM_STEPS:,} a flow may have; split it."
        return None, [Problem("SCHEMA", "$.steps", message)], warnings
    return value, [], warnings


def _parse(data: bytes | str | Mapping[str, Any], warnings: list[FlowWarning]) -> Any:
    if isinstance(data, Mapping):
        found = exact_json(dict(data))
        _check_size(len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()))
        return found
    _check_size(len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "replace")))
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
            names = ", ".join(repr(name[:40]) for name in twice[:5])
            message = f"An object has {names} more than once; the last counts."
            warnings.append(FlowWarning("DUPLICATE_KEY", "$", message))
        return found

    return exact_json(json.loads(text, parse_constant=_refuse, object_pairs_hook=members))


def _check_size(size: int) -> None:
    if size > MAXIMUM_BYTES:
        raise _Unusable(f"The flow has {size:,} bytes, more than the {MAXIMUM_BYTES:,} a flow may have.")


def _refuse(name: str) -> NoReturn:
    raise _Unusable(f"The flow holds the number {name}, which JSON does not have.")


def _sentence(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "The flow is nested too deeply."
    if isinstance(problem, json.JSONDecodeError):
        return f"This is not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}."
    if isinstance(problem, UnicodeDecodeError):
        return f"This is not UTF-8 text: the byte at {problem.start} does not fit."
    text = str(problem)
    if text.startswith("Exceeds the limit"):
        return "The flow holds a number with thousands of digits, which is beyond 64 bits."
    return text if isinstance(problem, _Unusable) else f"The flow cannot be used: {text}."
