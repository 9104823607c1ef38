"""Masks secrets in texts and JSON values in every usual spelling (SECURITY.md)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from runtime.spellings import SHORTEST_SECRET as SHORTEST_SECRET
from runtime.spellings import literals, parts, plain_forms, unfolded

MASK = "***"
_ESCAPES = re.compile(r"[\\%&+\n]")
_PACKED = re.compile(r"[A-Za-z0-9+/_-]")


class Masker:
    """Finds and masks some secrets in every usual spelling."""

    def __init__(self, values: Iterable[str]) -> None:
        """Mask these values of the environment; those under 4 characters are not secret."""
        secrets = sorted({part for value in values for part in parts(value)}, key=len, reverse=True)
        self._plain = list(dict.fromkeys(form for secret in secrets for form in plain_forms(secret)))
        self._packed = frozenset(self._plain).difference(secrets)
        self.literals = sorted({text for secret in secrets for text in literals(secret)}, key=len, reverse=True)
        self._numbers = frozenset(secrets)
        self._spaces = any(" " in text for text in self._plain)

    def spans(self, text: str, *, cut_before: bool = False, cut_after: bool = False) -> list[tuple[int, int]]:
        """Begin and end of the secrets in a text, in order and not overlapping.

        `cut_before` and `cut_after`: the text is a piece of a longer one, so that only the end of a secret may stand at
        its beginning, or only the beginning of one at its end.
        """
        found = [self._widened(text, *place) if literal in self._packed else place
                 for literal in self.literals for place in _places(text, literal)]  # fmt: skip
        if _ESCAPES.search(text):
            for apart in unfolded(text, spaces=self._spaces):
                found += [apart.place(*place) for form in self._plain for place in _places(apart.text, form)]
        if cut_after:
            found += [(len(text) - cut, len(text)) for cut in (_begun(text, one) for one in self.literals) if cut]
        if cut_before:
            found += [(0, cut) for cut in (_ended(text, one) for one in self.literals) if cut]
        return _merged(found)

    def text(self, text: str, *, cut_before: bool = False, cut_after: bool = False) -> str:
        """The text with every secret masked."""
        found = self.spans(text, cut_before=cut_before, cut_after=cut_after) if self.literals else ()
        at, pieces = 0, []
        for begin, end in found:
            pieces += [text[at:begin], MASK]
            at = end
        return "".join(pieces) + text[at:] if pieces else text

    def head(self, text: str, limit: int) -> str:
        """The first `limit` characters of a text, masked; a secret across the edge is masked as a whole."""
        at, pieces = 0, []
        for begin, end in self.spans(text) if self.literals else ():
            if begin < limit:
                pieces += [text[at:begin], MASK]
                at = end
        return "".join(pieces) + text[at : max(at, limit)]

    def tail(self, text: str, limit: int) -> str:
        """The last `limit` characters of a cut text, masked; a secret across the edge is masked as a whole."""
        edge = max(0, len(text) - limit)
        at, pieces = edge, []
        for begin, end in self.spans(text, cut_before=True) if self.literals else ():
            if end > edge:
                pieces += [text[at : max(at, begin)], MASK]
                at = end
        return "".join(pieces) + text[at:]

    def value(self, value: Any) -> Any:
        """A JSON value with secrets masked in its texts and keys, and as numbers."""
        if not self.literals:
            return value
        texts: list[str] = []
        numbers = _gather(value, texts, self._numbers)
        # All texts are searched at once first: most values hold no secret.
        return self._masked(value) if numbers or self.spans("\0".join(texts)) else value

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self._masked(item) for item in value]
        if isinstance(value, dict):
            made: dict[Any, Any] = {}
            for key, item in value.items():
                name, number = self._masked(key), 1
                while name in made:
                    number += 1
                    name = f"{self._masked(key)} ({number})"
                made[name] = self._masked(item)
            return made
        return MASK if _is_number(value) and str(value) in self._numbers else value

    def _widened(self, text: str, begin: int, end: int) -> tuple[int, int]:
        """The span with the characters of base64 at its edges, which hold some bits of the secret too."""
        if begin and _PACKED.match(text[begin - 1]):
            begin -= 1
        if end < len(text) and _PACKED.match(text[end]):
            end += 1
        while end < len(text) and text[end] == "=":
            end += 1
        return begin, end


_remembered: set[str] = set()


def remember(values: Iterable[str]) -> None:
    """Register secrets of this process, to be masked in its log lines."""
    _remembered.update(value for value in values if len(value) >= SHORTEST_SECRET)


def remembered() -> Masker:
    """The masker of all secrets registered in this process."""
    return masker(_remembered)


@lru_cache(maxsize=256)
def _masker(values: frozenset[str]) -> Masker:
    return Masker(values)


def masker(values: Iterable[str]) -> Masker:
    """The masker of these values of the environment."""
    return _masker(frozenset(values))


def mask(value: Any, secrets: Collection[str]) -> Any:
    """A JSON value in whose texts every secret of 4 characters or more is masked, in whatever spelling."""
    return masker(secrets).value(value) if secrets else value


def _places(text: str, literal: str) -> list[tuple[int, int]]:
    found, at = [], text.find(literal)
    while at >= 0:
        found.append((at, at + len(literal)))
        at = text.find(literal, at + len(literal))
    return found


def _merged(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for begin, end in sorted(places):
        if made and begin < made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((begin, end))
    return made


def _begun(text: str, literal: str) -> int:
    """Number of characters at the end of a text that begin a longer literal; 0 for fewer than 4."""
    end = text[-(len(literal) - 1) :]
    at = end.find(literal[:SHORTEST_SECRET])
    while at >= 0:
        if literal.startswith(end[at:]):
            return len(end) - at
        at = end.find(literal[:SHORTEST_SECRET], at + 1)
    return 0


def _ended(text: str, literal: str) -> int:
    """Number of characters at the beginning of a text that end a longer literal; 0 for fewer than 4."""
    start = text[: len(literal) - 1]
    at = start.rfind(literal[-SHORTEST_SECRET:])
    while at >= 0:
        if literal.endswith(start[: at + SHORTEST_SECRET]):
            return at + SHORTEST_SECRET
        at = start.rfind(literal[-SHORTEST_SECRET:], 0, at + SHORTEST_SECRET - 1)
    return 0


def _gather(value: Any, texts: list[str], numbers: frozenset[str]) -> bool:
    """Collect all texts of a value; returns whether one of the given numbers is in it."""
    if isinstance(value, str):
        texts.append(value)
        return False
    if isinstance(value, list | tuple):
        return any(_gather(item, texts, numbers) for item in value)
    if isinstance(value, dict):
        return any(_gather(key, texts, numbers) | _gather(item, texts, numbers) for key, item in value.items())
    return _is_number(value) and str(value) in numbers


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
