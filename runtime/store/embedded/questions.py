"""Questions and their answers."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.model.codec import to_document
from runtime.model.question import Question
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import column
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.fitting import fits, read_fitted
from runtime.store.ports.questions import KEPT


class EmbeddedQuestions:
    """Questions of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._questions = database.records("questions")

    @guarded
    def ask(self, question: Question) -> Question:
        with self.database.transaction():
            # Before anything is removed: a number is never given twice.
            numbered = replace(question, id=self._questions.highest_number() + 1)
            self._questions.discard(column("asked_ts") < (question.asked_at - KEPT).timestamp())
            self._put(numbered)
        return numbered

    @guarded
    def get(self, number: int) -> Question | None:
        rows = self._questions.select_any(("doc",), "doc_id", [number])
        return read_fitted("questions", rows[0][0]) if rows and fits("questions", rows[0][0]) else None

    @guarded
    def open(self) -> list[Question]:
        rows = self._questions.select(("doc",), column("answered") == 0)
        return [read_fitted("questions", doc) for (doc,) in rows if fits("questions", doc)]

    @guarded
    def answer(self, question: Question) -> None:
        with self.database.transaction():
            if self._questions.count_rows(column("doc_id") == question.id):
                self._put(question)

    def _put(self, question: Question) -> None:
        document = {
            **to_document(question),
            "asked_ts": question.asked_at.timestamp(),
            "answered": int(question.answered_at is not None),
        }
        self._questions.put_documents([(question.id, document)])
