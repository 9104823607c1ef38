"""Turns whole numbers in an expression that JavaScript would round into BigInts."""

from __future__ import annotations

import re
from functools import lru_cache

from runtime.flow.expressions.exact_values import LARGEST_EXACT

_LONG = re.compile(r"[\da-fA-F_]{14}|0[bB][01_]{50}")
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<remark>//[^\n]*|/\*.*?\*/)
    |(?P<word>(?:[^\W\d]|\$)[\w$]*)
    |(?P<number>(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\.?\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?)[\w$]*)
    |(?P<blank>\s+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/[A-Za-z]*")
_WHOLE = re.compile(r"0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[1-9][\d_]*")
_ENDS_A_VALUE = re.compile(r"[\w$)\]}\"'`]")
_BEFORE_PATTERN = frozenset({"return", "typeof", "in", "of", "instanceof", "void", "new", "case"})


@lru_cache(maxsize=1024)
def exact_literals(code: str) -> str:
    """The expression with every whole number beyond 2^53 written as a BigInt.

    Beside a BigInt of the state it then compares exactly; `9007199254740993` alone would be read as ...992. Texts,
    remarks and patterns stay as they are, and so does a number with a point or an exponent.
    """
    return _rewritten(code, 0)[0] if _LONG.search(code) else code


def _rewritten(code: str, at: int, *, until_brace: bool = False) -> tuple[str, int]:
    """The rewritten text from an index on, and where it ends: at its end, or at the brace that closes a template."""
    out: list[str] = []
    depth, before = 0, ""
    while at < len(code):
        if code[at] == "`":
            literal, at = _template(code, at)
            out.append(literal)
            before = "`"
            continue
        pattern = _PATTERN.match(code, at) if code[at] == "/" and _may_begin_pattern(before) else None
        found = _TOKEN.match(code, at)
        assert found is not None
        kind, text = found.lastgroup, found[0]
        if pattern is not None and kind != "remark":
            kind, text = "quoted", pattern[0]
        if kind == "sign" and text in "{}":
            if text == "}" and depth == 0 and until_brace:
                return "".join(out), at
            depth += 1 if text == "{" else -1
        at += len(text)
        out.append(_exact(text, code[at : at + 1]) if kind == "number" else text)
        if kind not in ("blank", "remark"):
            before = text
    return "".join(out), at


def _template(code: str, at: int) -> tuple[str, int]:
    out = ["`"]
    at += 1
    while at < len(code):
        if code[at] == "\\":
            out.append(code[at : at + 2])
            at += 2
        elif code.startswith("${", at):
            inner, at = _rewritten(code, at + 2, until_brace=True)
            out.append("${" + inner)
        else:
            out.append(code[at])
            at += 1
            if out[-1] == "`":
                break
    return "".join(out), at


def _may_begin_pattern(before: str) -> bool:
    return not before or before in _BEFORE_PATTERN or not _ENDS_A_VALUE.fullmatch(before[-1])


def _exact(text: str, following: str) -> str:
    if not _WHOLE.fullmatch(text) or following == ".":
        return text
    return f"{text}n" if int(text.replace("_", ""), 0) > LARGEST_EXACT else text
