"""JSON into JavaScript and back without loss: whole numbers beyond 2^53, and the order of keys.

JavaScript rounds numbers beyond 2^53 and puts keys like "10" first, sorted. What goes in is therefore sent with
`Mends`: where a BigInt stands, and in which order keys came. What comes out writes BigInts as digits, and objects whose
order matters with every key behind a NUL, which keeps the engine from sorting them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

LARGEST_EXACT = 2**53
"""Up to this whole number JavaScript's numbers are exact."""
_SUSPECT = re.compile(r'\d{16}|"\d{1,10}":')
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_GUARD = "\0"


class Sent(NamedTuple):
    """A value as JSON text, and as JSON text what JavaScript would lose of it; None if nothing."""

    text: str
    mends: str | None


class Given(NamedTuple):
    """The JSON text JavaScript returned, and whether keys in it may be guarded."""

    text: str
    guarded: bool


def sent(value: Any) -> Sent:
    """A value prepared for JavaScript; raises TypeError, ValueError or RecursionError if it is not JSON."""
    text = json.dumps(value, default=dict)
    mends = list(_mends(value, ())) if _SUSPECT.search(text) else []
    return Sent(text, json.dumps(mends) if mends else None)


def received(given: Given) -> Any:
    """The value JavaScript returned; raises ValueError or RecursionError if it cannot be read."""
    hook = _unguarded if given.guarded and "\\u0000" in given.text else None
    return json.loads(given.text, object_pairs_hook=hook)


def _mends(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Path and digits of whole numbers that would be rounded, path and keys of objects that would be reordered."""
    if isinstance(value, int):
        if abs(value) > LARGEST_EXACT:
            yield path, str(value)
    elif isinstance(value, Mapping):
        if any(_INDEX.fullmatch(key) for key in value):
            yield path, list(value)
        for key, item in value.items():
            yield from _mends(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _mends(item, (*path, index))


def _unguarded(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    guarded = bool(pairs) and pairs[0][0].startswith(_GUARD)
    return {key[1:]: value for key, value in pairs} if guarded else dict(pairs)
