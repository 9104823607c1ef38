"""Runs a call of code that is not ours so that it cannot take the program with it: on a thread, within a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 5.0
"""How long code of a plugin may take to be imported and made, or to answer a question about a binding."""


class Misbehaved(Exception):
    """Code that raised, whatever it raised, or did not come back; the message ends a sentence about it."""


def within(call: Callable[[], T], seconds: float = SECONDS) -> T:
    """What a call gives; one that does not come back keeps its thread, which ends with the program.

    Raises Misbehaved: it raised anything at all, `SystemExit` and `KeyboardInterrupt` included, or took too long.
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
    """An exception in words, even one whose own words cannot be had."""
    try:
        return f"{type(error).__name__}: {error}".strip().removesuffix(":")[:500]
    except BaseException:
        return type(error).__name__
