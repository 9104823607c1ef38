"""JSON values as they may be stored: finite numbers within 64 bits, text without lone surrogates, bounded nesting."""

from __future__ import annotations

import json
import math
import re
from typing import Any

SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1
MAXIMUM_DEPTH = 100
"""Levels of lists and objects one value may have, wherever it comes from: far below what any encoder or reader takes,
so that it may be put into records, results and answers without being looked at again."""
TOO_DEEP = f"it is nested deeper than {MAXIMUM_DEPTH} levels"
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")


def exact_json(value: Any, deepest: int = MAXIMUM_DEPTH) -> Any:
    """The value as plain objects, lone surrogates replaced.

    No method of the value itself is called: it may be of a class that an author wrote.

    Raises:
        ValueError: It cannot be stored; the message says what and where.
    """
    return _exact(value, "$", deepest)


def plain_text(text: str) -> str:
    """The text with lone surrogates replaced by U+FFFD; proper pairs of surrogates are put together."""
    text = str.__str__(text)
    if _SURROGATES.search(text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def member_path(path: str, key: str) -> str:
    """JSON path of a member of an object."""
    if key.isascii() and key.isidentifier():
        return f"{path}.{key}"
    return f"{path}[{json.dumps(key)}]"


def cut_deep(text: str, mark: str, levels: int = MAXIMUM_DEPTH) -> str:
    """JSON text in which every list or object below so many levels is replaced by the text `mark`.

    Reads brackets and strings only, in linear time and without recursion: text that is no JSON stays none.
    """
    if text.count("[") + text.count("{") <= levels:
        return text
    depth, kept, begin = 0, [], 0
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign in ("[", "{"):
            depth += 1
            if depth == levels + 1:
                kept.append(text[begin : token.start()])
                begin = len(text)
        elif sign in ("]", "}"):
            if depth == levels + 1:
                kept.append(json.dumps(mark))
                begin = token.end()
            depth -= 1
    return "".join(kept) + text[begin:] if kept else text


def _exact(value: Any, path: str, levels: int) -> Any:
    # isinstance and operators would ask the object: its class may answer anything, or raise.
    kind = type(value)
    if value is None or kind is bool:
        return value
    if issubclass(kind, str):
        return plain_text(value)
    if issubclass(kind, int):
        number = int.__int__(value)
        if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
            raise ValueError(f"the number at {path} is beyond 64 bits")
        return number
    if issubclass(kind, float):
        real = float.__float__(value)
        if not math.isfinite(real):
            raise ValueError(f"the number at {path} is {real}, which JSON does not have")
        return real
    if not issubclass(kind, list | tuple | dict):
        raise ValueError(f"the value at {path} is a {plain_text(kind.__name__)}, which JSON does not have")
    if levels <= 0:
        raise ValueError(TOO_DEEP)
    if issubclass(kind, dict):
        found = {}
        for key, item in dict.items(value):
            if not issubclass(type(key), str):
                raise ValueError(f"a key of the object at {path} is a {plain_text(type(key).__name__)}, not text")
            name = plain_text(key)
            found[name] = _exact(item, member_path(path, name), levels - 1)
        return found
    items = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
    return [_exact(item, f"{path}[{index}]", levels - 1) for index, item in enumerate(items)]
