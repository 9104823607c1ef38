"""Waiting for a change: a connection that listens, beside the pool; what it hears is a hint, the token is the truth."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress

import psycopg
from psycopg import errors

from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql

SAFETY_SECONDS = 2.0
"""How often the token is looked at though nothing was heard: a notification may be lost on its way."""
DEAF_SECONDS = 1.0
"""The same on a server that refuses to listen, a hot standby."""
SETTLE_SECONDS = 0.15
"""A change is not announced if another of the same process was just before: after a hint one more look is due."""


class ChangeFeed:
    """One thread waits here at a time; `stop` may be called by any."""

    def __init__(self, database: Database) -> None:
        """Connect only when somebody waits."""
        self._database = database
        self._con: Connection | None = None
        self._listening = False
        self._hinted_at = 0.0
        self._one = threading.Lock()
        self._stopped = False
        self._pair: tuple[socket.socket, socket.socket] | None = None
        """Where a wait listens for `stop`, and where `stop` speaks."""

    def wait(self, token: int, seconds: float) -> int:
        """The present change token, as soon as it differs from `token`; StoreUnavailable when the server is away."""
        with self._one:
            try:
                return self._wait(token, time.monotonic() + seconds)
            except psycopg.Error as problem:
                self._hang_up()
                raise self._database.unavailable(problem) from problem

    def _wait(self, token: int, end: float) -> int:
        con = self._con or self._connect()
        while (present := self._token(con)) == token and not self._stopped:
            now = time.monotonic()
            if now >= end:
                break
            if now - self._hinted_at < SETTLE_SECONDS:
                pause = SETTLE_SECONDS
            else:
                pause = SAFETY_SECONDS if self._listening else DEAF_SECONDS
            self._hear(con, min(pause, end - now))
        if present != token:
            self._hinted_at = time.monotonic()
        return present

    def _connect(self) -> Connection:
        self._pair = self._pair or socket.socketpair()
        con = self._con = psycopg.connect(self._database.dsn, autocommit=True)
        con.add_notify_handler(self._hint)
        try:
            con.execute(sql("listen"))
            self._listening = True
        except (errors.ReadOnlySqlTransaction, errors.FeatureNotSupported):
            self._listening = False
        return con

    def _hint(self, _: object) -> None:
        self._hinted_at = time.monotonic()

    @staticmethod
    def _token(con: Connection) -> int:
        row = con.execute(sql("change_token")).fetchone()
        assert row is not None
        return int(row[0])

    def _hear(self, con: Connection, seconds: float) -> None:
        """Wait for a notification, for the end of the connection, or for `stop`."""
        assert self._pair is not None
        ready, _, _ = select.select([con.fileno(), self._pair[0].fileno()], [], [], seconds)
        if con.fileno() in ready:
            con.pgconn.consume_input()
            while con.pgconn.notifies() is not None:
                self._hinted_at = time.monotonic()

    def stop(self) -> None:
        """End the wait under way, and every other."""
        self._stopped = True
        if self._pair is not None:
            with suppress(OSError):
                self._pair[1].send(b".")

    def _hang_up(self) -> None:
        con, self._con = self._con, None
        if con is not None:
            with suppress(psycopg.Error):
                con.close()

    def close(self) -> None:
        """Stop, and close the connection."""
        self.stop()
        with self._one:
            self._hang_up()
            for end in self._pair or ():
                end.close()
