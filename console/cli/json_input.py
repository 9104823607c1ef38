"""JSON that is given on the command line, or in a file that it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.errors import InvalidInput
from runtime.plain_json import MAXIMUM_DEPTH, cut_deep, exact_json


def json_argument(text: str, what: str) -> Any:
    """JSON given on the line, or in a file as `@file`; InvalidInput if it is none."""
    if text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as problem:
            raise InvalidInput(f"{what}: {text[1:]} cannot be read: {problem}.") from problem
    return read_json(text, what)


def read_json(text: str, what: str) -> Any:
    """JSON that can be stored; InvalidInput, naming what it is, if it is none."""
    if (whole := cut_deep(text, "")) is not text:
        raise InvalidInput(f"{what} is nested deeper than {MAXIMUM_DEPTH} levels.")
    try:
        value = json.loads(whole, parse_constant=_refuse)
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(f"{what} is not JSON: {problem}.") from problem
    try:
        return exact_json(value)
    except ValueError as problem:
        raise InvalidInput(f"{what} cannot be stored: {problem}.") from problem


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def object_argument(text: str | None, what: str) -> Mapping[str, Any]:
    """A JSON object given on the line; nothing is an empty one."""
    value = json_argument(text, what) if text else {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{what} must be a JSON object.")
    return value
