"""Cleans all text from outside: safe to show, and exact in JSON (SECURITY.md)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Patterns are compiled when first needed: nearly all text is plain, and reading commands start faster without.
_CONTROLS = r"[\x00-\x1f\x7f-\x9f]"
_INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff\U0001fffe\U0001ffff\U0010fffe\U0010ffff]"
)
_SURROGATES = "[\ud800-\udfff]"
_JSON_UNSAFE = "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
MARKS_KEPT = 2


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\\u{{{code:x}}}"


def clean(text: object, limit: int = 500, keep_newlines: bool = False) -> str:
    r"""Text that is safe to draw: nothing in it moves, hides or colours anything.

    Controls become visible pictures; C1, bidi, zero-width, tags and surrogates `\u{..}`; at most two combining
    marks stay on a letter. Longer text than `limit` is cut and ends with its length. Cost is bounded by `limit`.
    """
    whole = text if isinstance(text, str) else str(text)
    cut = f"... ({len(whole):,} characters)" if len(whole) > limit else ""
    part = whole[:limit]
    if part.isascii() and part.isprintable():
        return part + cut
    part = part.replace("\r\n", "\n").replace("\t", "    ")
    if keep_newlines:
        part = "\n".join(re.sub(_CONTROLS, _picture, line) for line in part.split("\n"))
    else:
        part = re.sub(_CONTROLS, _picture, part)
    part = re.sub(_INVISIBLE, lambda m: f"\\u{{{ord(m[0]):x}}}", part)
    return (part if part.isascii() else _few_marks(part)) + cut


def described(problem: BaseException, limit: int = 2_000) -> str:
    """An exception as `Type: text`, in characters that can be stored, even if making its text raises."""
    try:
        text = str(problem)[:limit]
    except Exception:
        text = "(its text cannot be had)"
    name = type(problem).__name__
    return re.sub(_SURROGATES, "\ufffd", f"{name}: {text}" if text else name)[:limit]


def _few_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MARKS_KEPT:
            kept.append(char)
    return "".join(kept)


def json_text(value: Any, *, indent: int | None = 2) -> str:
    r"""JSON with exact text, in which C0, DEL, C1, bidi and surrogates are `\u` escapes."""
    import json

    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return re.sub(_JSON_UNSAFE, lambda m: f"\\u{ord(m[0]):04x}", text)


def encodable(text: str, encoding: str | None) -> str:
    r"""Text in which characters that stdout cannot encode show as `\u{..}`."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "".join(_or_escape(char, encoding or "ascii") for char in text)
    return text


def _or_escape(char: str, encoding: str) -> str:
    try:
        char.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return f"\\u{{{ord(char):x}}}"
    return char
