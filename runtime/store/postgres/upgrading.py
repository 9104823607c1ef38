"""Making and upgrading the tables of a PostgreSQL store: our own in one transaction, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from runtime.errors import StoreUnavailable
from runtime.store.postgres import queue_schema
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.maintenance_lock import FORMAT, standstill
from runtime.store.postgres.queries import FOLDER, sql

PATIENCE_SECONDS = 50.0


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade found and did."""

    before: int
    """The format there was; 0: none."""
    now: int
    migrations: tuple[str, ...]
    """Migrations of the queue that were applied."""


def format_of(con: Connection) -> int:
    """The format of the store in this database; 0 if there is none."""
    row = con.execute(sql("format_exists")).fetchone()
    if not row or not row[0]:
        return 0
    found = con.execute(sql("format")).fetchone()
    return int(found[0]) if found else 0


def check(database: Database) -> None:
    """Refuse a database that has no store, or one of another format, with a sentence that says what to do."""
    found = database.reading(format_of)
    if found == 0:
        raise StoreUnavailable(
            f"There is no store in {database.name} yet. forkjoin store upgrade --store {database.argument} makes one."
        )
    if found < FORMAT:
        raise StoreUnavailable(
            f"The store {database.name} has the older format {found}, this forkjoin needs {FORMAT}. "
            f"Stop all workers, then run: forkjoin store upgrade --store {database.argument}"
        )
    if found > FORMAT:
        raise StoreUnavailable(
            f"The store {database.name} was made by a newer forkjoin (format {found}, this one knows {FORMAT}). "
            "Upgrade forkjoin."
        )


def upgrade(database: Database) -> Upgraded:
    """Bring store and queue to what this program needs; two at once wait for each other.

    Raises Refused while a worker is there, StoreUnavailable for a newer format.
    """
    with standstill(database, patience_seconds=PATIENCE_SECONDS) as still:
        con = still.connection
        try:
            con.execute(sql("set_statement_timeout"), ("0",))
            before = format_of(con)
            if before > FORMAT:
                raise StoreUnavailable(
                    f"The store {database.name} has format {before}, newer than this forkjoin knows. Upgrade forkjoin."
                )
            if before < FORMAT:
                with con.transaction():
                    for number in range(before + 1, FORMAT + 1):
                        _step(con, number, fresh=before == 0)
            return Upgraded(before, FORMAT, tuple(queue_schema.catch_up(con)))
        except psycopg.Error as problem:
            raise database.unavailable(problem) from problem


def _step(con: Connection, number: int, *, fresh: bool) -> None:
    if number == 1:
        row = con.execute(sql("schema_exists")).fetchone()
        if not row or not row[0]:
            con.execute(sql("make_schema"))
    con.execute((FOLDER / f"schema_{number}.sql").read_bytes())
    if number == 1:
        # The queue lies beside the runs, so that an offer is one transaction over both.
        queue_schema.make(con)
    if number == 2:
        made = queue_schema.installed()
        queue_schema.note(con, made if fresh else [name for name in made if name <= queue_schema.OLDEST])
    con.execute(sql("set_format"), (number,))
