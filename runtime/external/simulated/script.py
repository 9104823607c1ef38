"""The script of a piece of simulated work, read from its binding (docs/authoring.md)."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.model.binding_keys import Key

DEFAULT_ERROR = "The simulated work failed, as its binding asks."
KEYS = {name: Key() for name in ("duration", "outcome", "result", "error", "failAttempts", "unreachablePolls")}
"""The keys of a binding."""
OUTCOMES = ("completed", "failed", "lost")
_UNITS = {
    "ms": 0.001, "millisecond": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0,
    "h": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0, "w": 604800.0, "week": 604800.0,
    "month": 2592000.0, "year": 31536000.0,
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+|$)")
_LONGEST = 100 * 31536000.0


class InvalidScript(ValueError):
    """A script that cannot be played; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Script:
    """The course of one attempt: how long it runs, how it ends and how often it cannot be polled."""

    duration: float
    """Seconds."""
    outcome: str = "completed"
    result: Any = None
    error: str = DEFAULT_ERROR
    unreachable_polls: int = 0


def seconds(value: Any) -> float:
    """Seconds of a duration given as a number of seconds or as text such as `2 seconds`; a month counts 30 days.

    Raises:
        InvalidScript: when it is neither.
    """
    total = 0.0
    if isinstance(value, str):
        text = value.strip().lower()
        position = 0
        while position < len(text):
            part = _PART.match(text, position)
            unit = part and (_UNITS.get(part[2]) or _UNITS.get(part[2].removesuffix("s")))
            if not part or not unit:
                raise InvalidScript(f"`duration` {value!r} is not a duration; write seconds, or text like '2 seconds'.")
            total += float(part[1]) * unit
            position = part.end()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        total = float(value)
    else:
        raise InvalidScript("`duration` must be a number of seconds or text like '2 seconds'.")
    if not math.isfinite(total) or not 0 <= total <= _LONGEST:
        raise InvalidScript(f"`duration` {value!r} must lie between 0 and 100 years.")
    return total


def derived_duration(key: str, seed: int) -> float:
    """Seconds from 0.2 to 2 that depend only on the idempotency key and the seed."""
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return round(0.2 + 1.8 * int.from_bytes(digest[:8], "big") / 2**64, 3)


def script_of(binding: Mapping[str, Any], *, key: str, attempt: int, seed: int) -> Script:
    """The script of one attempt, from a binding whose templates are resolved.

    Raises:
        InvalidScript: when a value has the wrong type.
    """
    outcome = binding.get("outcome", "completed")
    if outcome not in OUTCOMES:
        raise InvalidScript(f"`outcome` must be one of {', '.join(OUTCOMES)}.")
    failing = _count(binding, "failAttempts")
    if failing is not None:
        worse = "failed" if outcome == "completed" else outcome
        outcome = worse if attempt <= failing else "completed"
    duration = derived_duration(key, seed) if binding.get("duration") is None else seconds(binding["duration"])
    error = binding.get("error")
    return Script(
        duration=duration,
        outcome=outcome,
        result=binding.get("result"),
        error=DEFAULT_ERROR if error is None else str(error).encode("utf-8", "replace").decode(),
        unreachable_polls=_count(binding, "unreachablePolls") or 0,
    )


def script_problems(binding: Mapping[str, Any]) -> list[str]:
    """Sentences about a binding that cannot be played; values with templates are checked at the start."""
    problems = []
    for name in ("outcome", "duration", "failAttempts", "unreachablePolls"):
        value = binding.get(name)
        if value is None or (isinstance(value, str) and "${" in value):
            continue
        try:
            script_of({name: value}, key="", attempt=1, seed=0)
        except InvalidScript as error:
            problems.append(str(error))
    return problems


def _count(binding: Mapping[str, Any], name: str) -> int | None:
    value = binding.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise InvalidScript(f"`{name}` must be a whole number from 0 to 1,000,000.")
    return value
