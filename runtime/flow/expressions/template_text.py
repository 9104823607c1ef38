"""The `${...}` templates in a text: where they begin and end, and which of them are plain paths."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

_PATH = re.compile(
    r"""[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*|\[(?:0|[1-9][0-9]{0,9})\]|\["[^"\\]*"\]|\['[^'\\]*'\])*""", re.ASCII
)
_PART = re.compile(r"""\.?([A-Za-z_$][\w$]*)|\[([0-9]+)\]|\["([^"]*)"\]|\['([^']*)'\]""", re.ASCII)
_WORDS = frozenset({"true", "false", "null", "undefined", "this", "NaN", "Infinity"})
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};+-*%^~<>")


class Template(msgspec.Struct, frozen=True):
    """One `${...}`: the expression in it."""

    code: str

    @property
    def path(self) -> tuple[str | int, ...] | None:
        """Names and indexes if the expression is only a path, like `state.a.b[0]`; else None."""
        return path_of(self.code)


@lru_cache(maxsize=4096)
def parts(text: str) -> tuple[str | Template, ...]:
    """A text cut into plain text and templates.

    Braces, strings, template literals, comments and regular expressions within an expression do not end it.

    Raises:
        ValueError: A template is never closed, or empty; the message says which.
    """
    found: list[str | Template] = []
    at = 0
    while (begin := text.find("${", at)) >= 0:
        if begin > at:
            found.append(text[at:begin])
        try:
            end = _end(text, begin + 2)
        except RecursionError:
            raise ValueError(f"the template {shown(text[begin:])} is nested too deeply") from None
        if end < 0:
            raise ValueError(f"the template {shown(text[begin:])} is never closed with }}")
        code = text[begin + 2 : end].strip()
        if not code:
            raise ValueError("the template ${} is empty")
        found.append(Template(code))
        at = end + 1
    if at < len(text):
        found.append(text[at:])
    return tuple(found)


@lru_cache(maxsize=4096)
def path_of(code: str) -> tuple[str | int, ...] | None:
    """Names and indexes of an expression that is only a path, else None."""
    if not _PATH.fullmatch(code):
        return None
    path = tuple(
        int(part[2]) if part[2] is not None else next(p for p in (part[1], part[3], part[4]) if p is not None)
        for part in _PART.finditer(code)
    )
    return None if path[0] in _WORDS else path


def shown(text: str) -> str:
    """A template as it is named in messages."""
    return text if len(text) <= 80 else f"{text[:80]}…"


def _end(text: str, at: int) -> int:
    """Index of the brace that closes an expression, or -1."""
    open_now: list[str] = []
    before = "("
    while at < len(text):
        sign = text[at]
        if sign in "\"'":
            at = _after_quoted(text, at)
        elif sign == "`":
            at = _after_literal(text, at)
        elif text.startswith("//", at):
            line = text.find("\n", at)
            at = len(text) if line < 0 else line + 1
            continue
        elif text.startswith("/*", at):
            close = text.find("*/", at + 2)
            at = len(text) if close < 0 else close + 2
            continue
        elif sign == "/" and before in _BEFORE_PATTERN:
            at = _after_pattern(text, at)
        elif sign in _CLOSES:
            open_now.append(_CLOSES[sign])
            at += 1
        elif sign == "}" and not open_now:
            return at
        else:
            if open_now and sign == open_now[-1]:
                open_now.pop()
            at += 1
        if not sign.isspace():
            before = sign
    return -1


def _after_quoted(text: str, at: int) -> int:
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _after_pattern(text: str, at: int) -> int:
    at += 1
    within = False
    while at < len(text) and (within or text[at] != "/"):
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            within = True
        elif text[at] == "]":
            within = False
        at += 1
    return at + 1


def _after_literal(text: str, at: int) -> int:
    at += 1
    while at < len(text) and text[at] != "`":
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at):
            end = _end(text, at + 2)
            at = len(text) if end < 0 else end + 1
        else:
            at += 1
    return at + 1
