"""The file of the simulated system: one row per piece of work, written in groups by one thread."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from runtime.errors import Unreachable

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], Any]
_AnyFuture = asyncio.Future[Any] | Future[Any]

_TABLE = """
CREATE TABLE IF NOT EXISTS work (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, attempt INTEGER NOT NULL,
    started_at REAL NOT NULL, ends_at REAL NOT NULL,
    outcome TEXT NOT NULL, result BLOB NOT NULL, error TEXT NOT NULL,
    misses_left INTEGER NOT NULL, starts INTEGER NOT NULL, cancelled_at REAL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    operation: Operation
    write: bool
    future: _AnyFuture
    loop: asyncio.AbstractEventLoop | None


class SimulatedDb:
    """An SQLite file used by one thread; operations that wait at the same time share one transaction.

    Nothing is written before the first operation. Operations raise `Unreachable` when the file cannot be used.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 5.0) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._pending: list[_Waiting] = []

    async def run(self, operation: Callable[[sqlite3.Connection], T], *, write: bool) -> T:
        """Run an operation off the event loop; returns its value once the shared transaction is committed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue(_Waiting(operation, write, future, loop))
        return await future

    def run_now(self, operation: Callable[[sqlite3.Connection], T], *, write: bool = False) -> T:
        """Run an operation and block until it is done; not for an event loop."""
        future: Future[T] = Future()
        self._queue(_Waiting(operation, write, future, None))
        return future.result()

    def close(self) -> None:
        """Finish the queued operations and close the file; a later operation opens it again."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(self._disconnect)
            thread.shutdown(wait=True)

    def _queue(self, waiting: _Waiting) -> None:
        with self._lock:
            self._pending.append(waiting)
            if len(self._pending) == 1:
                self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="simulated")
                self._thread.submit(self._drain)

    def _drain(self) -> None:
        with self._lock:
            batch, self._pending = self._pending, []
        values: list[Any] = []
        problem: BaseException | None = None
        try:
            values = self._transaction([one.operation for one in batch], any(one.write for one in batch))
        except (OSError, sqlite3.Error) as error:
            self._disconnect()
            problem = Unreachable(
                f"The simulated system's file {self.path.name} cannot be used ({error}); "
                "free disk space or move the file away, its work starts anew then."
            )
        except Exception as error:  # raised where the operation was asked for
            problem = error
        by_loop: dict[asyncio.AbstractEventLoop | None, list[tuple[_AnyFuture, Any]]] = {}
        for one, value in zip(batch, values or [None] * len(batch), strict=True):
            by_loop.setdefault(one.loop, []).append((one.future, value))
        for loop, answers in by_loop.items():
            if loop is None:
                _settle(answers, problem)
            else:
                with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits any more
                    loop.call_soon_threadsafe(_settle, answers, problem)

    def _transaction(self, operations: list[Operation], write: bool) -> list[Any]:
        connection = self._connection or self._connect()
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            values = [operation(connection) for operation in operations]
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return values

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, timeout=self._busy_seconds, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_TABLE)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _settle(answers: list[tuple[_AnyFuture, Any]], problem: BaseException | None) -> None:
    for future, value in answers:
        if future.done():  # the caller was cancelled
            continue
        if problem is None:
            future.set_result(value)
        else:
            future.set_exception(problem)
