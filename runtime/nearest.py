"""The known word that an unknown word was most likely meant to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import islice

ALIKE = 0.7
"""Least similarity, from 0 to 1, at which one word is suggested for another."""
VERY_ALIKE = 0.8
"""The same where an unknown word may well be intended: `tags` is not `task`."""
_LOOKED_AT = 100
"""So many characters of a word are compared."""
_DIFFERENCE = 6
"""One word may be longer by so many characters."""
_MOST = 200
"""So many words are compared: in a flow with thousands of misspelt names all would take minutes."""


def nearest(word: str, known: Collection[str], alike: float = ALIKE) -> str | None:
    """The known word that was most likely meant, or None; case is ignored, and letters may be swapped."""
    return _nearest(word[:_LOOKED_AT].lower(), tuple(known), alike)


@lru_cache(maxsize=1024)
def _nearest(written: str, known: tuple[str, ...], alike: float) -> str | None:
    alike_long = (name for name in known if abs(len(name) - len(written)) <= _DIFFERENCE)
    by_lower = {name.lower(): name for name in islice(alike_long, _MOST)}
    swapped = [name for name in by_lower if sorted(name) == sorted(written)]
    found = swapped or _close(written, by_lower, alike)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`" Did you mean list?"`, with a leading blank; empty if no known word is similar.

    It suggests more freely than `nearest`: who typed a command or a setting wrong has been refused already.
    """
    names = {name.casefold(): name for name in known}
    close = _close(word[:200].casefold(), names, 0.6)
    return f" Did you mean {names[close[0]]}?" if close else ""


def _close(word: str, known: Iterable[str], alike: float) -> list[str]:
    """The word most alike, if one is alike enough."""
    from difflib import get_close_matches  # only who mistyped a word pays for it

    return get_close_matches(word, known, 1, alike)
