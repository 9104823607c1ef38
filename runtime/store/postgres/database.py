"""The one door to PostgreSQL: connections, transactions, and what it says when it cannot go on."""

from __future__ import annotations

import logging
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from runtime.errors import ForkjoinError, StoreAway, StoreUnavailable, Unconfirmed
from runtime.store.postgres.connection_url import conninfo, shown, without_password
from runtime.store.postgres.queries import sql

T = TypeVar("T")
Connection = psycopg.Connection[Any]

WAIT_SECONDS = 5.0
NOTIFY_SECONDS = 0.1
TRIES = 4
# What the pool has to say is said by us, once and as a sentence; on a console's screen it would stand anywhere.
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
AWAY = "The server does not answer. Nothing was saved; try again when it is back."
LOGIN = "Nothing was saved; check user and password (PGPASSWORD or a .pgpass file)."
NO_DATABASE = "Nothing was saved; check the URL, or make the database (createdb)."
# The driver does not tell by a code what a server says to who logs in.
REFUSED = (
    ("password authentication failed", LOGIN),
    ("no password supplied", LOGIN),
    ("no pg_hba.conf entry", "Nothing was saved; the server lets nobody in from here: see its pg_hba.conf."),
    ("connection is bad", "Nothing was saved; check the URL."),
    (" does not exist", NO_DATABASE),
)
GONE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


def said(problem: BaseException) -> str:
    """What PostgreSQL said, on one line, without its guesses at why."""
    text = " ".join(str(problem).split())
    for guess in (" Is the server running", " This probably means"):
        text = text.partition(guess)[0]
    return text.rstrip(".") or type(problem).__name__


async def silence(dsn: str) -> str:
    """Why the server does not answer now; empty if it does."""
    try:
        await (await psycopg.AsyncConnection.connect(dsn)).close()
    except psycopg.OperationalError as problem:
        return said(problem)
    return ""


class Unwritable(ForkjoinError):
    """A value that no PostgreSQL takes, like a key beyond the size of an index entry."""


class Database:
    """A pool of connections, reads that are tried again, and transactions that say what came of them."""

    def __init__(self, url: str, *, read_only: bool = False, connections: int = 8) -> None:
        """Connect; StoreUnavailable if the server does not answer or refuses."""
        self.name = shown(url)
        self.argument = shlex.quote(without_password(url))
        self.dsn = conninfo(url, read_only=read_only)
        self.read_only = read_only
        self._notified_at = 0.0
        self._notifying = threading.Lock()
        self._doubtful = False
        """Whether the server did not answer when it was asked last."""
        try:
            # One connection by hand first: the pool would only say that it waited in vain.
            psycopg.connect(self.dsn, autocommit=True).close()
        except psycopg.Error as problem:
            raise self.unavailable(problem) from problem
        self._pool = ConnectionPool(
            self.dsn,
            # A console nobody uses, and the parts of one that wait, keep no connection.
            min_size=0,
            max_size=connections,
            timeout=WAIT_SECONDS,
            max_idle=60.0,
            reconnect_timeout=2.0,
            kwargs={"autocommit": True, "prepare_threshold": 3},
            open=True,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in autocommit mode; StoreUnavailable when the server is gone."""
        try:
            with self._answering() as con:
                yield con
        except (psycopg.Error, PoolTimeout) as problem:
            raise self.unavailable(problem) from problem

    @contextmanager
    def _answering(self) -> Iterator[Connection]:
        """A connection that answers: of the pool, or a new one beside it if that of the pool was cut.

        A new one says at once what is wrong, where the pool would only say that it waited in vain.
        """
        if not self._doubtful:
            if not self._pool.get_stats().get("pool_size"):
                psycopg.connect(self.dsn, autocommit=True).close()
            with self._pool.connection() as con:
                if self._answers(con):
                    yield con
                    return
            self._doubtful = True
        with psycopg.connect(self.dsn, autocommit=True) as con:
            self._doubtful = False
            yield con

    @staticmethod
    def _answers(con: Connection) -> bool:
        try:
            ConnectionPool.check_connection(con)
        except psycopg.Error:
            return False
        return True

    def all(self, name: str, *values: Any, named: dict[str, Any] | None = None) -> list[Any]:
        """The rows of a reading statement, asked once more if the connection turns out to be dead."""
        return self.reading(lambda con: con.execute(sql(name), named or values).fetchall())

    def one(self, name: str, *values: Any) -> Any:
        """The first row."""
        return self.reading(lambda con: con.execute(sql(name), values).fetchone())

    def reading(self, work: Callable[[Connection], T]) -> T:
        """Read; once more on a fresh connection if the first was cut."""
        try:
            with self._answering() as con:
                return work(con)
        except GONE as problem:
            if self._doubtful or isinstance(problem, PoolTimeout) or not self._cut(problem):
                raise self.unavailable(problem) from problem
            self._doubtful = True
        except psycopg.Error as problem:
            raise self.unavailable(problem) from problem
        with self.connection() as con:
            return work(con)

    def ended(self, transaction: str) -> bool:
        """Whether a transaction has ended; one this server does not know of is of a time that is over."""
        try:
            with self._answering() as con:
                row = con.execute(sql("transaction_ended"), (transaction,)).fetchone()
                return row is None or bool(row[0])
        except errors.InvalidParameterValue:
            return True
        except (psycopg.Error, PoolTimeout) as problem:
            raise self.unavailable(problem) from problem

    def writing(self, work: Callable[[Connection], T], *, counted: bool = True, together: bool = False) -> T:
        """Do everything in one durable transaction; deadlocks are tried again.

        With `counted` the change token moves. With `together` statements travel when an answer is asked for, many in
        one trip to the server; how many rows one changed is known only after a fetch then. Raises StoreUnavailable:
        nothing was saved; or Unconfirmed, when the connection was cut while the commit was under way.
        """
        for attempt in range(TRIES):
            committing, transaction = False, None
            try:
                with self._answering() as con:
                    try:
                        with con.pipeline() if together else nullcontext():
                            con.execute(sql("begin"))
                            found = work(con)
                            if counted:
                                change = con.execute(sql("change_and_notify" if self._may_notify() else "change"))
                        if counted:
                            row = change.fetchone()
                            transaction = row[0] if row else None
                    except BaseException:
                        if not con.closed and not con.broken:
                            con.execute(sql("rollback"))
                        raise
                    committing = True
                    con.execute(sql("commit"))
                    return found
            except PASSING as problem:
                if attempt == TRIES - 1:
                    raise self.unavailable(problem) from problem
                time.sleep(0.01 * 2**attempt)
            except (psycopg.DataError, errors.ProgramLimitExceeded) as problem:
                # What was to be written is at fault, not the store: others can be saved.
                raise Unwritable(f"It cannot be stored: {said(problem)}. Nothing was saved.") from problem
            except GONE as problem:
                if committing and self._cut(problem):
                    raise self._unconfirmed(problem, transaction) from problem
                raise self.unavailable(problem) from problem
            except psycopg.Error as problem:
                raise self.unavailable(problem) from problem
        raise AssertionError("every attempt returns or raises")

    def _may_notify(self) -> bool:
        # A notification takes a lock of the whole database at commit: ten a second are enough to be quick.
        with self._notifying:
            now = time.monotonic()
            if now - self._notified_at < NOTIFY_SECONDS:
                return False
            self._notified_at = now
            return True

    @staticmethod
    def _cut(problem: BaseException) -> bool:
        """Whether the server did not answer to the end; what it answers is certain."""
        state = getattr(problem, "sqlstate", None)
        return state is None or state.startswith(("08", "57P")) or state == "40003"

    def _unconfirmed(self, problem: BaseException, transaction: str | None) -> Unconfirmed:
        self._doubtful = True
        return Unconfirmed(
            f"The store {self.name} was cut off while it saved: {said(problem)}. "
            "It is not known whether it was saved: look before you repeat it.",
            transaction=transaction,
        )

    def unavailable(self, problem: BaseException) -> StoreUnavailable:
        """The sentence for what PostgreSQL said."""
        start = f"The store {self.name} cannot be used: {said(problem)}. "
        if isinstance(problem, errors.ReadOnlySqlTransaction):
            advice = "Nothing was changed; this session, or this server, is read-only."
        elif isinstance(problem, errors.DiskFull):
            advice = "The disk of the server is full. Nothing was saved; free space, then go on."
        elif isinstance(problem, errors.UndefinedTable):
            advice = "forkjoin store upgrade makes what is missing."
        elif isinstance(problem, errors.InvalidPassword | errors.InvalidAuthorizationSpecification):
            advice = "Check user and password (PGPASSWORD or a .pgpass file)."
        elif isinstance(problem, GONE) and (isinstance(problem, PoolTimeout) or self._cut(problem)):
            advice = next((told for text, told in REFUSED if text in str(problem)), AWAY)
            return StoreAway(start + advice, store=self.name, cause=said(problem))
        else:
            advice = "Nothing was saved."
        return StoreUnavailable(start + advice)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close(timeout=2)
