"""History and polls from rows."""

from __future__ import annotations

from runtime.model.run import HistoryEntry, Poll
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.ledgers import history_of, polls_of


class EmbeddedLedger:
    """History and polls of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def history(self, run_id: str) -> list[HistoryEntry]:
        return history_of(self.rows.all("SELECT doc_id, doc FROM t_history WHERE run_id=? ORDER BY doc_id", run_id))

    @guarded
    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        narrowed, values = (" AND branch=?", [branch]) if branch is not None else ("", [])
        return polls_of(
            self.rows.all(
                f"SELECT doc_id, branch, number, doc FROM t_polls WHERE run_id=?{narrowed} ORDER BY doc_id",
                run_id,
                *values,
            )
        )
