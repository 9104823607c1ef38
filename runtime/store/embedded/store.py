"""The embedded store: TinyDB over rows of a file, and without a file the store of tests and played runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runtime.store.embedded.acts import EmbeddedActs
from runtime.store.embedded.changes import EmbeddedChanges
from runtime.store.embedded.documents import EmbeddedDocuments
from runtime.store.embedded.due_runs import EmbeddedDueRuns
from runtime.store.embedded.holds import EmbeddedHolds
from runtime.store.embedded.keyed import EmbeddedFacts, EmbeddedFlows, EmbeddedSchedules
from runtime.store.embedded.ledger import EmbeddedLedger
from runtime.store.embedded.listing import EmbeddedListing
from runtime.store.embedded.place import may_change
from runtime.store.embedded.questions import EmbeddedQuestions
from runtime.store.embedded.row_table import RowDB
from runtime.store.embedded.rows import Rows
from runtime.store.embedded.runs import EmbeddedRuns
from runtime.store.ports.store import Store

IN_MEMORY = ":memory:"


class EmbeddedFile:
    """The file under an embedded store."""

    def __init__(self, rows: Rows, changes: EmbeddedChanges) -> None:
        self.rows = rows
        self._changes = changes

    def may_write(self) -> bool:
        return self.rows.path == IN_MEMORY or may_change(Path(self.rows.path).parent)

    def now(self) -> datetime | None:
        """None: the clock of this machine counts."""
        return None

    def close(self) -> None:
        self._changes.stop()
        self.rows.close()


@dataclass(frozen=True, slots=True)
class EmbeddedStore(Store):
    """A store in a file."""

    rows: Rows

    def tinydb(self) -> RowDB:
        """The store as the TinyDB it is."""
        database = RowDB.__new__(RowDB)
        database._storage = self.rows
        database._opened = True
        database._tables = {}
        return database


def open_file(path: Path | str, *, read_only: bool = False) -> EmbeddedStore:
    """Open a file, making it if it is missing; StoreUnavailable if it cannot be used."""
    rows = Rows(path, read_only=read_only)
    changes = EmbeddedChanges(rows)
    return EmbeddedStore(
        place=rows.path,
        medium=EmbeddedFile(rows, changes),
        runs=EmbeddedRuns(rows),
        due_runs=EmbeddedDueRuns(rows),
        listing=EmbeddedListing(rows),
        ledger=EmbeddedLedger(rows),
        acts=EmbeddedActs(rows),
        holds=EmbeddedHolds(rows),
        flows=EmbeddedFlows(rows),
        schedules=EmbeddedSchedules(rows),
        questions=EmbeddedQuestions(rows),
        facts=EmbeddedFacts(rows),
        changes=changes,
        documents=EmbeddedDocuments(rows),
        rows=rows,
    )


def memory_store() -> EmbeddedStore:
    """An empty store without a file, that lives as long as it is held."""
    return open_file(IN_MEMORY)
