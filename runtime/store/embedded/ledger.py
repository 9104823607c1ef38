"""History and polls."""

from __future__ import annotations

from runtime.model.run import HistoryEntry, Poll
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import column
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.ledgers import history_of, polls_of


class EmbeddedLedger:
    """History and polls of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._history = database.records("history")
        self._polls = database.records("polls")

    @guarded
    def history(self, run_id: str) -> list[HistoryEntry]:
        return history_of(self._history.select(("doc_id", "doc"), column("run_id") == run_id))

    @guarded
    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        cond = column("run_id") == run_id
        if branch is not None:
            cond &= column("branch") == branch
        return polls_of(self._polls.select(("doc_id", "branch", "number", "doc"), cond))
