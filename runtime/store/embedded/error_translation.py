"""What SQLite says when it cannot go on, as one sentence an operator can act on."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import msgspec

from runtime.errors import StoreUnavailable
from runtime.store.embedded.place import may_change, refusal

P = ParamSpec("P")
T = TypeVar("T")


def unavailable(path: str, problem: BaseException, *, read_only: bool = False) -> StoreUnavailable:
    """The sentence for a problem of the store's file; one who only reads is not advised to."""
    text = str(problem)
    if "full" in text:
        advice = "The disk is full. Nothing was saved; free space, then go on."
    elif "readonly" in text or "read-only" in text or "unable to open" in text:
        directory = Path(path).parent
        advice = "It cannot be written there. "
        if not may_change(directory):
            advice += refusal(directory, "use" if read_only else "change")
        else:
            advice += "Check the disk and the owner" + (", or use --read-only." if not read_only else ".")
    elif "malformed" in text or "not a database" in text or "corrupt" in text:
        advice = "The file is damaged. Restore a backup, or export what can be read."
    elif "locked" in text or "busy" in text:
        advice = "Another process has kept it locked. Try again."
    else:
        advice = "forkjoin doctor says more."
    return StoreUnavailable(f"The store {path} cannot be used: {text}. {advice}")


def guarded(method: Callable[P, T]) -> Callable[P, T]:
    """Turn what SQLite or a damaged document raises into StoreUnavailable."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (sqlite3.Error, msgspec.ValidationError, msgspec.DecodeError) as problem:
            owner: Any = args[0]
            rows = owner.database.rows
            raise unavailable(rows.path, problem, read_only=rows.read_only) from problem

    return call
