"""Following a path like `state.items[0].id` without JavaScript: the value is exactly the one that was stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runtime.flow.expressions.names import UNDEFINED

_INDEX = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


class NothingThere(LookupError):
    """A path goes on after null; the message names the member that was read."""


def look_up(path: tuple[str | int, ...], names: Mapping[str, Any]) -> Any:
    """The value at a path, as in JavaScript: a missing member is null.

    Only own members are found, not those JavaScript lets a value inherit (`constructor`, `map`); but `length` and the
    characters of a text are found, in UTF-16 units.

    Raises:
        KeyError: The first name is not among the names.
        NothingThere: The path goes on after null, which JavaScript refuses too.
    """
    value = names[str(path[0])]
    if value is UNDEFINED:
        value = None
    for part in path[1:]:
        if value is None:
            raise NothingThere(f"cannot read property '{part}' of null")
        value = _member(value, part)
    return value


def truth(value: Any) -> bool:
    """JavaScript truth of a JSON value: objects and lists are true, even empty ones."""
    return True if isinstance(value, Mapping | list | tuple) else bool(value)


def _member(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(part))
    if isinstance(value, str):
        units = value.encode("utf-16-le", "surrogatepass")
        if part == "length":
            return len(units) // 2
        at = _index(part)
        return units[2 * at : 2 * at + 2].decode("utf-16-le", "replace") or None if at is not None else None
    if isinstance(value, list | tuple):
        if part == "length":
            return len(value)
        at = _index(part)
        return value[at] if at is not None and at < len(value) else None
    return None


def _index(part: str | int) -> int | None:
    """The index a member name means: `x["0"]` is `x[0]`."""
    if isinstance(part, int):
        return part
    return int(part) if _INDEX.fullmatch(part) else None
