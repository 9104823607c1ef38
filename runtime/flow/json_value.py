"""JSON values as they may be stored: finite numbers within 64 bits, text without lone surrogates."""

from __future__ import annotations

import json
import math
from typing import Any

from runtime.errors import InvalidInput

SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1
MAXIMUM_DEPTH = 200
"""Levels of lists and objects one value may have."""


def check_json(value: Any, limit_bytes: int, what: str) -> Any:
    """The value if it is JSON that can be stored, lone surrogates replaced.

    Args:
        value: A value made of dicts, lists (or tuples), strings, numbers, booleans and None.
        limit_bytes: How large it may be as compact JSON text in UTF-8.
        what: What the value is, as it begins the sentence: `The state`, `The result of send-email`.

    Raises:
        InvalidInput: A number is not finite or beyond 64 bits, a key is not text, something is not JSON at all,
            it is nested too deeply or too large.
    """
    try:
        found = exact_json(value)
    except ValueError as problem:
        raise InvalidInput(f"{what} cannot be stored: {problem}.") from problem
    size = len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())
    if size > limit_bytes:
        raise InvalidInput(f"{what} is too large: {size:,} bytes, where at most {limit_bytes:,} are allowed.")
    return found


def exact_json(value: Any) -> Any:
    """The value with lone surrogates replaced.

    Raises:
        ValueError: It cannot be stored; the message says what and where.
    """
    return _exact(value, "$", 0)


def plain_text(text: str) -> str:
    """The text with lone surrogates replaced by U+FFFD; proper pairs of surrogates are put together."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _exact(value: Any, path: str, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, int):
        if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
            raise ValueError(f"the number at {path} is beyond 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"the number at {path} is {value}, which JSON does not have")
        return value
    if depth >= MAXIMUM_DEPTH:
        raise ValueError(f"it is nested deeper than {MAXIMUM_DEPTH} levels")
    if isinstance(value, list | tuple):
        return [_exact(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, dict):
        found = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"a key of the object at {path} is a {type(key).__name__}, not text")
            found[plain_text(key)] = _exact(item, member_path(path, key), depth + 1)
        return found
    raise ValueError(f"the value at {path} is a {type(value).__name__}, which JSON does not have")


def member_path(path: str, key: str) -> str:
    """JSON path of a member of an object."""
    if key.isascii() and key.isidentifier():
        return f"{path}.{key}"
    return f"{path}[{json.dumps(key)}]"
