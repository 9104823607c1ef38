"""Making and upgrading the tables of a PostgreSQL store: step by step, in one transaction, or not at all."""

from __future__ import annotations

from typing import Any

import psycopg
from procrastinate.schema import SchemaManager

from runtime.errors import StoreUnavailable
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import FOLDER, sql

FORMAT = 1
LOCK = 7165434
STEPS: dict[int, str] = {}
"""By format: the file of SQL that makes the next one of it. Format 1 is the first."""


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
            f"There is no store in {database.name} yet. forkjoin --store URL store upgrade makes one."
        )
    if found < FORMAT:
        raise StoreUnavailable(
            f"The store {database.name} has the older format {found}, this forkjoin needs {FORMAT}. "
            "Stop all workers, then run forkjoin --store URL store upgrade."
        )
    if found > FORMAT:
        raise StoreUnavailable(
            f"The store {database.name} was made by a newer forkjoin (format {found}, this one knows {FORMAT}). "
            "Upgrade forkjoin."
        )


def upgrade(database: Database) -> tuple[int, int]:
    """Bring the store to the format of this program; gives the format it had (0: none) and the one it has."""
    try:
        with database.connection() as con, con.transaction():
            con.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            before = format_of(con)
            if before > FORMAT:
                raise StoreUnavailable(
                    f"The store {database.name} has format {before}, newer than this forkjoin knows. Upgrade forkjoin."
                )
            if before == 0:
                _make(con)
            for number in range(max(before, 1), FORMAT):
                con.execute(_text((FOLDER / STEPS[number]).read_text(encoding="utf-8")))
                con.execute(sql("set_format"), (number + 1,))
            return before, FORMAT
    except psycopg.Error as problem:
        raise database.unavailable(problem) from problem


def _make(con: Connection) -> None:
    con.execute("CREATE SCHEMA IF NOT EXISTS forkjoin")
    con.execute(_text((FOLDER / "schema_1.sql").read_text(encoding="utf-8")))
    # The queue lies beside the runs, so that an offer is one transaction over both.
    con.execute(_text(SchemaManager.get_schema()))


def _text(statements: str) -> Any:
    return statements.encode()
