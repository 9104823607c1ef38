"""Commands as lines that can be pasted into a shell and are safe to show."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from runtime.safe_text import clean


def shell_line(words: Iterable[str]) -> str:
    r"""Words as one line: quoted where needed, and with `$'\x1b'` for what would not show as it is."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if clean(word, len(word)) == word:
        return shlex.quote(word)
    return "$'" + "".join(_escaped(char) for char in word) + "'"


def _escaped(char: str) -> str:
    if char in "'\\":
        return "\\" + char
    if char.isascii() and char.isprintable():
        return char
    # Every such shell understands bytes; \u needs a locale that has the character.
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "replace"))
