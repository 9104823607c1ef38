"""The embedded store: TinyDB over rows of a file, and without a file the store of tests and played runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from runtime.store.embedded.acts import EmbeddedActs
from runtime.store.embedded.changes import EmbeddedChanges
from runtime.store.embedded.documents import EmbeddedDocuments
from runtime.store.embedded.due_runs import EmbeddedDueRuns
from runtime.store.embedded.error_translation import unavailable
from runtime.store.embedded.holds import EmbeddedHolds
from runtime.store.embedded.keyed import EmbeddedFacts, EmbeddedFlows, EmbeddedSchedules
from runtime.store.embedded.ledger import EmbeddedLedger
from runtime.store.embedded.listing import EmbeddedListing
from runtime.store.embedded.place import may_change
from runtime.store.embedded.questions import EmbeddedQuestions
from runtime.store.embedded.runs import EmbeddedRuns
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.ports.store import Store

IN_MEMORY = ":memory:"


class EmbeddedFile:
    """The file under an embedded store."""

    def __init__(self, database: StoreDatabase, changes: EmbeddedChanges) -> None:
        self._database = database
        self._changes = changes

    def may_write(self) -> bool:
        path = self._database.rows.path
        return path == IN_MEMORY or may_change(Path(path).parent)

    def now(self) -> datetime | None:
        """None: the clock of this machine counts."""
        return None

    @contextmanager
    def alone(self) -> Iterator[None]:
        try:
            with self._database.transaction():
                yield
        except sqlite3.Error as problem:
            raise unavailable(self._database.rows.path, problem) from problem

    def close(self) -> None:
        self._changes.stop()
        self._database.close()


class EmbeddedStore(Store, frozen=True):
    """A store in a file."""

    database: StoreDatabase
    """The store as the TinyDB it is."""


def open_file(path: Path | str, *, read_only: bool = False) -> EmbeddedStore:
    """Open a file, making it if it is missing; StoreUnavailable if it cannot be used."""
    database = StoreDatabase(path, read_only=read_only)
    changes = EmbeddedChanges(database)
    return EmbeddedStore(
        place=database.rows.path,
        medium=EmbeddedFile(database, changes),
        runs=EmbeddedRuns(database),
        due_runs=EmbeddedDueRuns(database),
        listing=EmbeddedListing(database),
        ledger=EmbeddedLedger(database),
        acts=EmbeddedActs(database),
        holds=EmbeddedHolds(database),
        flows=EmbeddedFlows(database),
        schedules=EmbeddedSchedules(database),
        questions=EmbeddedQuestions(database),
        facts=EmbeddedFacts(database),
        changes=changes,
        documents=EmbeddedDocuments(database),
        database=database,
    )


def memory_store() -> EmbeddedStore:
    """An empty store without a file, that lives as long as it is held."""
    return open_file(IN_MEMORY)
