"""A store at a standstill: while it is upgraded or copied no worker may join, and those that are there refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
import psycopg
from psycopg import errors

from runtime.errors import Refused, StoreUnavailable
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql
from runtime.store.postgres.queue_schema import unfit

FORMAT = 5
"""The format this program works with; `schema_1.sql` to `schema_N.sql` are the steps to it."""
SILENT_SECONDS = 6.0
"""So long a worker may be silent before it is taken out."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Holds a lock that dies with its connection."""

    connection: Connection
    database: Database

    def assure(self) -> None:
        """StoreUnavailable if the connection, and so the lock, was lost meanwhile."""
        try:
            self.connection.execute(sql("database_now"))
        except psycopg.Error as problem:
            raise self.database.unavailable(problem) from problem


@contextmanager
def standstill(database: Database, *, patience_seconds: float = 2.0) -> Iterator[Standstill]:
    """Keep workers out as long as the context lasts.

    Raises Refused while a worker is there, or another upgrade or copy is under way for longer than our patience.
    Workers that are silent are taken out: their leases run out by themselves.
    """
    try:
        con = psycopg.connect(database.dsn, autocommit=True)
    except psycopg.Error as problem:
        raise database.unavailable(problem) from problem
    with con:
        try:
            con.execute(sql("set_lock_timeout"), (f"{int(patience_seconds * 1000)}ms",))
            con.execute(sql("stand_still"))
            row = con.execute(sql("format_exists")).fetchone()
            if row and row[0]:
                con.execute(sql("silent_workers"), (SILENT_SECONDS,))
                found = con.execute(sql("workers")).fetchone()
                if found is not None:
                    raise Refused(f"The worker {found[1]} works on {database.name}; stop all workers, then repeat.")
        except errors.LockNotAvailable as problem:
            raise Refused(f"Another upgrade or copy of {database.name} is under way; wait for its end.") from problem
        except psycopg.Error as problem:
            raise database.unavailable(problem) from problem
        yield Standstill(con, database)


def refuse_joining(con: Connection, name: str) -> None:
    """In the transaction that adds a worker: refuse it if none may work on this store.

    Raises Refused if its runs are not there: moved elsewhere, or copied by half; else StoreUnavailable.
    """
    free = con.execute(sql("join_right")).fetchone()
    row = con.execute(sql("may_join")).fetchone()
    assert free is not None and row is not None
    found, moved, copied = row
    why = None
    if not free[0]:
        why = "it is being upgraded or copied. Start the worker when that has ended"
    elif found != FORMAT:
        why = f"it has format {found} by now, and this worker knows {FORMAT}. Start it again with that forkjoin"
    elif moved is not None and orjson.loads(moved)["value"]:
        raise Refused(f"No worker may work on {name}: its runs were moved to {orjson.loads(moved)['value']}.")
    elif copied is not None and orjson.loads(copied)["value"]:
        raise Refused(f"No worker may work on {name}: a copy into it was interrupted. Repeat forkjoin store copy.")
    else:
        why = unfit(con)
    if why:
        raise StoreUnavailable(f"No worker may work on {name}: {why}.")
