"""Opens the store a PostgreSQL URL names."""

from __future__ import annotations

from runtime.store.postgres.database import Database
from runtime.store.postgres.store import PostgresStore, store_in
from runtime.store.postgres.upgrading import Upgraded, check, format_of, upgrade


def open_postgres(url: str, *, read_only: bool = False, connections: int = 8) -> PostgresStore:
    """Open it; StoreUnavailable if the server is away, or the database holds no store of our format."""
    database = Database(url, read_only=read_only, connections=connections)
    try:
        check(database)
    except BaseException:
        database.close()
        raise
    return store_in(database)


def upgrade_postgres(url: str) -> tuple[Upgraded, str]:
    """Make or upgrade the store of a URL; gives what came of it, and the name to show."""
    database = Database(url)
    try:
        return upgrade(database), database.name
    finally:
        database.close()


def make_postgres(url: str) -> None:
    """Make a store in the database of a URL if there is none."""
    database = Database(url)
    try:
        if database.reading(format_of) == 0:
            upgrade(database)
    finally:
        database.close()
