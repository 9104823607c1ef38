"""Places where tests can stop the world: the process kills itself there when asked to."""

from __future__ import annotations

import os
import signal

CRASH_POINTS = (
    "wake.claimed",
    "intent.before_save",
    "intent.after_save",
    "start.before_call",
    "start.after_call",
    "poll.before_call",
    "poll.after_call",
    "cancel.before_call",
    "cancel.after_call",
    "outcome.before_save",
    "outcome.after_save",
)

FIND_POINTS = ("find.before_call", "find.after_call")
"""Passed only where a start was not answered before."""

_ASKED = os.environ.get("FORKJOIN_CRASH_AT", "")
_left = {"count": int(_ASKED.partition("#")[2] or 1)}


def crash_point(name: str) -> None:
    """Die here by SIGKILL if `FORKJOIN_CRASH_AT` is `name`, or `name#n` for the n-th time it is passed."""
    if not _ASKED or _ASKED.partition("#")[0] != name:
        return
    _left["count"] -= 1
    if _left["count"] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
