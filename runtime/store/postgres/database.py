"""The one door to PostgreSQL: connections, transactions, and what it says when it cannot go on."""

from __future__ import annotations

import functools
import logging
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote, unquote, urlencode

import msgspec
import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from runtime.errors import StoreUnavailable
from runtime.store.postgres.queries import sql

P = ParamSpec("P")
T = TypeVar("T")
Connection = psycopg.Connection[Any]

CONNECT_SECONDS = 5
WAIT_SECONDS = 5.0
NOTIFY_SECONDS = 0.1
TRIES = 4
# A dead network is noticed in ten seconds, by us and by the server, so that nobody waits for a lock of the dead.
LINK: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SESSION = {
    "search_path": "forkjoin",
    "timezone": "UTC",
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
# What the pool has to say is said by us, once and as a sentence; on a console's screen it would stand anywhere.
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
SECRETS = ("password", "sslpassword")
PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
GONE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


def conninfo(url: str, *, read_only: bool = False) -> str:
    """The connection string for a URL, with our session settings; StoreUnavailable if it cannot be read."""
    session = {**SESSION, **({"default_transaction_read_only": "on"} if read_only else {})}
    try:
        known = conninfo_to_dict(url)
        options = " ".join([str(known.pop("options", "") or ""), *(f"-c {k}={v}" for k, v in session.items())])
        return make_conninfo(**{"application_name": "forkjoin", **LINK, **known, "options": options.strip()})
    except psycopg.Error as problem:
        raise StoreUnavailable(
            f"The store {shown(url)} cannot be read as a PostgreSQL URL: {problem}".strip().rstrip(".") + "."
        ) from problem


def shown(url: str) -> str:
    """A URL as it may be shown: without its password."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error:
        return url.partition("://")[0] + "://..."
    host, port = known.get("host") or "localhost", known.get("port")
    user = f"{known['user']}@" if known.get("user") else ""
    return f"postgresql://{user}{host}{f':{port}' if port else ''}/{known.get('dbname') or ''}"


def without_password(url: str) -> str:
    """A URL that connects like this one, its password apart."""
    try:
        known = {name: str(value) for name, value in conninfo_to_dict(url).items() if name not in SECRETS}
    except psycopg.Error:
        return shown(url)
    user, host, port = (quote(known.pop(name, ""), safe="") for name in ("user", "host", "port"))
    database = quote(known.pop("dbname", ""), safe="")
    # A folder of sockets, or several hosts, stand in the query.
    plain = host.replace("-", "").replace(".", "").isalnum()
    place = f"{host}{f':{port}' if port else ''}" if plain else ""
    if not plain:
        known |= {name: unquote(value) for name, value in (("host", host), ("port", port)) if value}
    query = urlencode(known, quote_via=quote)
    return f"postgresql://{f'{user}@' if user else ''}{place}/{database}{f'?{query}' if query else ''}"


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
        try:
            # One connection by hand first: the pool would only say that it waited in vain.
            psycopg.connect(self.dsn, autocommit=True).close()
        except psycopg.Error as problem:
            raise self.unavailable(problem) from problem
        self._pool = ConnectionPool(
            self.dsn,
            min_size=1,
            max_size=connections,
            timeout=WAIT_SECONDS,
            max_idle=60.0,
            reconnect_timeout=2.0,
            check=ConnectionPool.check_connection,
            kwargs={"autocommit": True, "prepare_threshold": 3},
            open=True,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in autocommit mode; StoreUnavailable when the server is gone."""
        try:
            with self._pool.connection() as con:
                yield con
        except (psycopg.Error, PoolTimeout) as problem:
            raise self.unavailable(problem) from problem

    def all(self, name: str, *values: Any, named: dict[str, Any] | None = None) -> list[Any]:
        """The rows of a reading statement, asked once more if the connection turns out to be dead."""
        return self.reading(lambda con: con.execute(sql(name), named or values).fetchall())

    def one(self, name: str, *values: Any) -> Any:
        """The first row."""
        return self.reading(lambda con: con.execute(sql(name), values).fetchone())

    def reading(self, work: Callable[[Connection], T]) -> T:
        """Read; once more on a fresh connection if the first was cut."""
        try:
            with self._pool.connection() as con:
                return work(con)
        except GONE:
            pass
        except psycopg.Error as problem:
            raise self.unavailable(problem) from problem
        with self.connection() as con:
            return work(con)

    def writing(self, work: Callable[[Connection], T], *, counted: bool = True) -> T:
        """Do everything in one durable transaction; deadlocks are tried again.

        With `counted` the change token moves. Raises StoreUnavailable; when the connection was cut while the
        commit was under way it says that the outcome is not known.
        """
        for attempt in range(TRIES):
            committing = False
            try:
                with self._pool.connection() as con:
                    con.execute(sql("begin"))
                    try:
                        found = work(con)
                        if counted:
                            con.execute(sql("change"))
                            if self._may_notify():
                                con.execute(sql("notify"))
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
            except GONE as problem:
                raise self.unavailable(problem, uncertain=committing) from problem
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

    def unavailable(self, problem: BaseException, *, uncertain: bool = False) -> StoreUnavailable:
        """The sentence for what PostgreSQL said."""
        text = " ".join(str(problem).split()).rstrip(".") or type(problem).__name__
        if uncertain:
            advice = "It is not known whether it was saved: look before you repeat it."
        elif isinstance(problem, errors.ReadOnlySqlTransaction):
            advice = "Nothing was changed; this session, or this server, is read-only."
        elif isinstance(problem, errors.DiskFull):
            advice = "The disk of the server is full. Nothing was saved; free space, then go on."
        elif isinstance(problem, errors.UndefinedTable):
            advice = "forkjoin store upgrade makes what is missing."
        elif isinstance(problem, errors.InvalidPassword | errors.InvalidAuthorizationSpecification):
            advice = "Check user and password (PGPASSWORD or a .pgpass file)."
        elif isinstance(problem, GONE):
            advice = "The server does not answer. Nothing was saved; try again when it is back."
        else:
            advice = "Nothing was saved."
        return StoreUnavailable(f"The store {self.name} cannot be used: {text}. {advice}")

    def close(self) -> None:
        """Close all connections."""
        self._pool.close(timeout=2)


def guarded(method: Callable[P, T]) -> Callable[P, T]:
    """Turn a document that cannot be read into StoreUnavailable."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (msgspec.ValidationError, msgspec.DecodeError) as problem:
            owner: Any = args[0]
            raise StoreUnavailable(
                f"A document in {owner.database.name} cannot be read: {problem}. Nothing was changed."
            ) from problem

    return call
