"""The known word that was most likely meant by one that is not known."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

ALIKE = 0.7
"""How alike two words are, from 0 to 1, for one to be offered for the other."""
VERY_ALIKE = 0.8
"""The same where a word that nobody knows may well be meant: `tags` is not `task`."""
_LOOKED_AT = 100
"""Characters of a word that are compared."""


def nearest(word: str, known: Collection[str], alike: float = ALIKE) -> str | None:
    """The known word that was most likely meant, or None; case does not count, and letters may be swapped."""
    by_lower = {name.lower(): name for name in known}
    written = word[:_LOOKED_AT].lower()
    swapped = [name for name in by_lower if sorted(name) == sorted(written)]
    found = swapped or get_close_matches(written, by_lower, 1, alike)
    return by_lower[found[0]] if found else None
