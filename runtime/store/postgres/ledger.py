"""History and polls in PostgreSQL."""

from __future__ import annotations

from runtime.model.run import HistoryEntry, Poll
from runtime.store.ledgers import history_of, polls_of
from runtime.store.postgres.database import Database
from runtime.store.postgres.text import column


class PostgresLedger:
    """History and polls of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, run_id: str) -> list[HistoryEntry]:
        return history_of(self._database.all("history", column(run_id)))

    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        named = {"run": column(run_id), "branch": None if branch is None else column(branch)}
        return polls_of(self._database.all("polls", named=named))
