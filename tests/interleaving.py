"""Threads that take turns: each stops before it touches the store, and inside its transactions, until it is told to go.

A test says who goes next, so that every order of steps can be played, and played again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from runtime.assembly.location import open_store
from runtime.store.postgres.database import Connection
from runtime.store.postgres.store import PostgresStore

T = TypeVar("T")
READS: tuple[tuple[Callable[[PostgresStore], object], str], ...] = (
    (lambda store: store.runs, "load"),
    (lambda store: store.holds, "all"),
    (lambda store: store.runs, "query"),
    (lambda store: store.due_runs, "due"),
)
LOOK_SECONDS = 0.01
WAITS = """
SELECT 1 FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND wait_event_type = 'Lock'
"""


class Player:
    """Somebody who works on a store, one step at a time."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.store = open_store(f"{url}&application_name={name}")
        assert isinstance(self.store, PostgresStore)
        self.url = url
        self._looking: psycopg.Connection[Any] | None = None
        self._going = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._work: Callable[[], object] | None = None
        self._problem: BaseException | None = None
        self._free = False
        self.at: str | None = None
        """Where it stops now; None: it has nothing to do."""
        self.waits = False
        """It goes on by itself once another player gives its locks back."""
        self._gate_store(self.store)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _gate_store(self, store: PostgresStore) -> None:
        for port, name in READS:
            setattr(port(store), name, self._before(name, getattr(port(store), name)))
        write = store.database.writing

        def writing(work: Callable[[Connection], T], *, counted: bool = True, together: bool = False) -> T:
            # One statement after the other: what it locks must be locked where it stops.
            del together

            def stopping(con: Connection) -> T:
                found = work(con)
                self._gate("commit")
                return found

            self._gate("write")
            return write(stopping, counted=counted)

        store.database.writing = writing  # type: ignore[method-assign]

    def _before(self, name: str, call: Callable[..., T]) -> Callable[..., T]:
        def gated(*args: Any, **named: Any) -> T:
            self._gate(name)
            return call(*args, **named)

        return gated

    def _gate(self, name: str) -> None:
        if not self._free:
            self.at = name
            self._stopped.release()
            self._going.acquire()

    def _run(self) -> None:
        while True:
            self._going.acquire()
            if self._work is None:
                return
            try:
                self._work()
            except BaseException as problem:
                self._problem = problem
            self.at = self._work = None
            self._stopped.release()

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        return self._work is None

    def begin(self, work: Callable[[], object]) -> None:
        """Give it something to do, up to its first stop; it must be idle."""
        assert self.idle
        self._work = work
        self.go()

    def go(self) -> None:
        """Let it go to its next stop, or until it waits for the lock of somebody who is stopped."""
        if self.idle or self.waits:
            return
        self._going.release()
        self._settle()

    def look(self) -> None:
        """If it waited: see whether it goes on by now, and let it come to its next stop."""
        if self.waits:
            self._settle()

    def _settle(self) -> None:
        while not self._stopped.acquire(timeout=LOOK_SECONDS):
            self.waits = self._is_locked_out()
            if self.waits:
                return
        self.waits = False
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem

    def _is_locked_out(self) -> bool:
        if self._looking is None:
            self._looking = psycopg.connect(self.url, autocommit=True)
        return self._looking.execute(WAITS, (self.name,)).fetchone() is not None

    def close(self) -> None:
        """End an idle player."""
        self._going.release()
        self._thread.join(10)
        self.store.close()
        if self._looking is not None:
            self._looking.close()


def finish(players: list[Player]) -> None:
    """Let all come to the end of what they do."""
    while any(not p.idle for p in players):
        for player in players:
            player.go()
            for other in players:
                other.look()
