"""Spans in words, for the sentences of runs."""

from __future__ import annotations

from datetime import datetime


def ago(now: datetime, then: datetime | None) -> str:
    """A span in words, like `3 s`, `6 min`, `2 h`."""
    if then is None:
        return "never"
    return span((now - then).total_seconds())


def span(seconds: float) -> str:
    """Seconds in one fitting unit."""
    seconds = abs(seconds)
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} days"
