"""Isolates calls of plugin code: each runs on a thread of its own, within a time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 5.0
"""How long a plugin may take to be imported and made, or to answer a question about a binding."""


class Misbehaved(Exception):
    """Plugin code raised an exception or did not return; the message is the end of a sentence about it."""


def within(call: Callable[[], T], seconds: float = SECONDS) -> T:
    """Make a call on a thread and return its value; a call that hangs keeps its thread until the program ends.

    Raises Misbehaved: the call took too long or raised anything, `SystemExit` and `KeyboardInterrupt` included.
    """
    given: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(call())
        except BaseException as error:  # whatever it is, it ends this thread only
            raised.append(error)

    thread = threading.Thread(target=run, name="a call of a plugin", daemon=True)
    thread.start()
    thread.join(seconds)
    if given:
        return given[0]  # type: ignore[no-any-return]
    if not raised:
        raise Misbehaved(f"did not come back within {seconds:g} s")
    if isinstance(raised[0], Misbehaved):
        raise raised[0]
    raise Misbehaved(f"raised {told(raised[0])}") from raised[0]


def told(error: BaseException) -> str:
    """Type and text of an exception, even if making its text raises."""
    try:
        return f"{type(error).__name__}: {error}".strip().removesuffix(":")[:500]
    except BaseException:
        return type(error).__name__
