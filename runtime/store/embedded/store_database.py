"""The TinyDB of a store: its file is checked to be ours and of a format we know, and all tables are made."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

from tinydb.queries import QueryInstance

from runtime.errors import StoreUnavailable
from runtime.model.stored import RunFilter
from runtime.store.embedded.error_translation import unavailable
from runtime.store.embedded.filter_query import query_of
from runtime.store.embedded.record_table import RecordTable
from runtime.store.embedded.row_storage import RowStorage
from runtime.store.embedded.row_table import RowDB
from runtime.store.embedded.upgrades import upgrade
from runtime.store.layout import APPLICATION_ID, FORMAT, LAYOUTS, PASSING, TABLES


class StoreFile(RowStorage):
    """The rows of a store."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        """Open the file; StoreUnavailable if it is not ours, newer, damaged or cannot be written."""
        self.path = str(path)
        try:
            _check_ours(self.path)
            super().__init__(path, read_only=read_only, layouts=LAYOUTS)
            upgrade(self, read_only=read_only)
            # A file that has all its tables is opened without waiting for those who write to it.
            if read_only:
                return
            if not all(self.exists(table) for table in (*TABLES, *PASSING)):
                with self.transaction():
                    for table in (*TABLES, *PASSING):
                        self.ensure(table)
            for table in TABLES:
                self.kept.ensure(table)
        except sqlite3.Error as problem:
            raise unavailable(self.path, problem, read_only=read_only) from problem


class StoreDatabase(RowDB):
    """The TinyDB of a store; its tables are record tables."""

    table_class = RecordTable
    default_storage_class: Any = StoreFile

    @property
    def rows(self) -> StoreFile:
        """The storage of all tables."""
        return cast(StoreFile, self.storage)

    def records(self, table: str) -> RecordTable:
        """One table of the store."""
        return cast(RecordTable, self.table(table))

    def runs_of(self, where: RunFilter | None) -> QueryInstance | None:
        """The query that finds the runs of a filter; None finds all."""
        return query_of(where, self.rows.kept)

    def transaction(self) -> AbstractContextManager[None]:
        """One durable commit for everything written inside; nests."""
        return self.rows.transaction()


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
