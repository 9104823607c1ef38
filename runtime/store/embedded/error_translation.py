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
from runtime.store.embedded.row_storage import RowStorage
from runtime.store.embedded.upgrades import upgrade
from runtime.store.layout import APPLICATION_ID, FORMAT, PASSING, TABLES

P = ParamSpec("P")
T = TypeVar("T")


class Rows(RowStorage):
    """The rows of a forkjoin store: checked to be ours and of a format we know, all tables made."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        """Open the file; StoreUnavailable if it is not ours, newer, damaged or cannot be written."""
        self.path = str(path)
        try:
            _check_ours(self.path)
            super().__init__(path, read_only=read_only)
            upgrade(self, read_only=read_only)
            if not read_only:
                with self.transaction():
                    for table in (*TABLES, *PASSING):
                        self.ensure(table)
        except sqlite3.Error as problem:
            raise unavailable(self.path, problem, read_only=read_only) from problem


def _check_ours(path: str) -> None:
    """Look at the file without changing it."""
    if path == ":memory:" or not Path(path).exists() or Path(path).stat().st_size == 0:
        return
    with Path(path).open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\x00"):
        raise StoreUnavailable(f"{path} is not a forkjoin store: it is no database. Name another --store.")
    application = int.from_bytes(head[68:72], "big")
    version = int.from_bytes(head[60:64], "big")
    if application != APPLICATION_ID and application != 0:
        raise StoreUnavailable(f"{path} belongs to another program. Nothing was changed; name another --store.")
    if application == 0 and Path(path + "-wal").exists() is False:
        raise StoreUnavailable(f"{path} is a database, but not a forkjoin store. Nothing was changed.")
    if version > FORMAT:
        raise StoreUnavailable(
            f"{path} was written by a newer forkjoin (format {version}, this one knows {FORMAT}). Upgrade forkjoin."
        )


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
            raise unavailable(owner.rows.path, problem, read_only=owner.rows.read_only) from problem

    return call
