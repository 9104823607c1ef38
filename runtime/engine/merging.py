"""How a key of the state is merged that another branch changed in the meantime: `metadata.merge` of the flow.

`replace`: the later value stands. `append`: what a branch added to the list it read, or all its items where its list
does not begin with that one. `add`: the difference to the number it read. `deep`: objects key by key, only what the
branch itself changed; of two changes of one leaf the later stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from runtime.model.run import KeyChange

MISSING: Final[Any] = object()
"""Where there is no value, which null is."""
UNKNOWN: Final[Any] = object()
"""Where nobody recorded what a branch had read."""


class Change(msgspec.Struct, frozen=True):
    """One change of one key in this save."""

    by: KeyChange
    place: tuple[int, ...]
    """Creation numbers of the branch's ancestors and its own: the file order of forks."""
    joined: bool
    """The branch came out of a join, after all that was joined there."""
    read_at: int
    read: Any
    value: Any

    def goes_before(self, other: Change) -> bool:
        """Whether it belongs before one that another branch made earlier in this save."""
        return self.beside(other) and self.place < other.place

    def beside(self, other: Change) -> bool:
        """Whether neither of two branches came from the other: in one save, neither knew of the other's change."""
        apart = self.place[: len(other.place)] != other.place and other.place[: len(self.place)] != self.place
        return apart and not self.joined


class Length(int):
    """How long the list was that a branch read; what stands in the list now begins with it."""


class Unmergeable(ValueError):
    """Two values that a rule cannot put together; the message is a part of a sentence."""


def merged(rule: str, now: Any, read: Any, new: Any) -> Any:
    """The value of a key after one more change.

    Args:
        rule: `replace`, `append`, `add` or `deep`.
        now: The value as it is, another branch's change in it; MISSING if there is none.
        read: What the branch that changes it had read, MISSING or UNKNOWN; for `append` also its Length.
        new: What the branch makes of it.

    Raises:
        Unmergeable: The values are not of the kind that the rule is for.
    """
    if rule == "append":
        return _appended(now, read, new)
    if rule == "add":
        return _sum(now, read, new)
    if rule == "deep":
        values = [value for value in (now, new) if value is not MISSING and value is not None]
        for value in values:
            if not isinstance(value, Mapping):
                raise Unmergeable(f"`deep` merges objects, but this is {kind_of(value)}")
        return _deep(now, read, new) if len(values) == 2 else new
    return new


def replaced(rule: str, now: Any, read: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """What is lost when a change is merged: path within the key, the value that was there and the one that stands."""
    if rule == "deep" and isinstance(now, Mapping) and isinstance(new, Mapping):
        yield from _lost_leaves(now, read, new, "")
    elif rule not in ("append", "add") and now is not MISSING and not same(now, new):
        yield "", now, new


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same, types and order of keys included."""
    if left is right:
        return True
    if type(left) is not type(right) or any(value is MISSING or value is UNKNOWN for value in (left, right)):
        return False
    return left == right and json.dumps(left, default=dict) == json.dumps(right, default=dict)


def kind_of(value: Any) -> str:
    """What a JSON value is, with its article."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return "a number"
    return "a text" if isinstance(value, str) else "an object" if isinstance(value, Mapping) else "a list"


def _appended(now: Any, read: Any, new: Any) -> list[Any]:
    there = _items(now)
    more = _items(new)
    if isinstance(read, Length):
        begun = there[:read] if read <= len(there) else None
    else:
        begun = _items(read) if read is not UNKNOWN else None
    if begun is not None and len(begun) <= len(more) and same(begun, more[: len(begun)]):
        more = more[len(begun) :]
    return [*there, *more]


def _items(value: Any) -> list[Any]:
    if value is MISSING or value is None:
        return []
    if not isinstance(value, list | tuple):
        raise Unmergeable(f"`append` merges lists, but this is {kind_of(value)}")
    return list(value)


def _sum(now: Any, read: Any, new: Any) -> int | float:
    return _number(now) + (_number(new) - (0 if read is UNKNOWN else _number(read)))


def _number(value: Any) -> int | float:
    if value is MISSING or value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unmergeable(f"`add` merges numbers, but this is {kind_of(value)}")
    return value


def _deep(now: Any, read: Any, new: Any) -> Any:
    if not isinstance(now, Mapping) or not isinstance(new, Mapping):
        return new
    known = read if isinstance(read, Mapping) else {}
    whole = dict(now)
    for key, value in new.items():
        before = known.get(key, MISSING if isinstance(read, Mapping) else UNKNOWN)
        if same(before, value):
            continue
        whole[key] = _deep(whole[key], before, value) if key in whole else value
    for key in known:
        if key not in new and same(whole.get(key, MISSING), known[key]):
            del whole[key]
    return whole


def _lost_leaves(now: Mapping[str, Any], read: Any, new: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any, Any]]:
    known = read if isinstance(read, Mapping) else {}
    for key, value in new.items():
        before, there = known.get(key, MISSING), now.get(key, MISSING)
        if there is MISSING or same(before, value) or same(there, value) or same(there, before):
            continue
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            yield from _lost_leaves(there, before, value, f"{at}.{key}")
        else:
            yield f"{at}.{key}", there, value
