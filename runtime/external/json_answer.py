"""Reads JSON from outside strictly: finite numbers within 64 bits, no lone surrogates, bounded size."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from runtime.plain_json import MAXIMUM_DEPTH, TOO_DEEP, cut_deep

RESULT_LIMIT = 256 * 1024
"""A result may have so many bytes as JSON text."""
BODY_LEVELS = MAXIMUM_DEPTH + 10
"""A body may have so many levels: its result is nested some levels deep in it."""
DEEP = "\ue000 nested too deeply \ue000"
"""Replaces a part of a body that is nested too deeply."""
_SUSPECT = re.compile(rb"\d{19}|\\u[dD]|\d[eE]|NaN|Infinity")


class NotJson(ValueError):
    """Text that is not acceptable JSON; the message follows `because` in a sentence."""


def read_json(raw: bytes, *, mark_deep: bool = False) -> Any:
    """The value of JSON text.

    Args:
        raw: The text in UTF-8.
        mark_deep: Read what is nested too deeply as the text `DEEP`, so that the rest can be read.

    Raises:
        NotJson: when it is not JSON, or holds a number that is not finite or does not fit 64 bits, or is nested too
            deeply.
    """
    try:
        if raw.count(b"[") + raw.count(b"{") > BODY_LEVELS:
            text = raw.decode("utf-8-sig")
            cut = cut_deep(text, DEEP, BODY_LEVELS)
            if cut is not text and not mark_deep:
                raise NotJson(TOO_DEEP)
            raw = cut.encode()
        if not _SUSPECT.search(raw):
            return json.loads(raw)
        return _clean(json.loads(raw, parse_constant=_constant, parse_int=_integer, parse_float=_decimal))
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(f"it is not JSON ({error})") from None


def result_size(value: Any) -> int:
    """Bytes of a value as compact JSON text."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))


def _constant(text: str) -> Any:
    raise NotJson(f"it holds {text}, which is not a finite number")


def _integer(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= (number := int(text)) < 2**64:
        raise NotJson("it holds a whole number that does not fit 64 bits")
    return number


def _decimal(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise NotJson("it holds a number that is not finite")
    return number


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return value
