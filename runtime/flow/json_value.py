"""Bounds on the JSON values a run may hold."""

from __future__ import annotations

import json
from typing import Any

from runtime.errors import InvalidInput
from runtime.plain_json import MAXIMUM_DEPTH, exact_json, member_path, plain_text

__all__ = ["MAXIMUM_DEPTH", "check_json", "exact_json", "member_path", "plain_text"]


def check_json(value: Any, limit_bytes: int, what: str) -> Any:
    """The value, if it is JSON that can be stored, with lone surrogates replaced.

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
