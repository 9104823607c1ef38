"""Questions in rows."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.model.codec import to_document
from runtime.model.question import Question
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.fitting import fits, read_fitted
from runtime.store.ports.questions import KEPT


class EmbeddedQuestions:
    """Questions of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def ask(self, question: Question) -> Question:
        with self.rows.transaction():
            # Before anything is removed: a number is never given twice.
            highest = self.rows.one("SELECT max(doc_id) FROM t_questions")[0] or 0
            self.rows.con.execute("DELETE FROM t_questions WHERE asked_ts<?", ((question.asked_at - KEPT).timestamp(),))
            numbered = replace(question, id=highest + 1)
            self._put(numbered)
        return numbered

    @guarded
    def get(self, number: int) -> Question | None:
        row = self.rows.one("SELECT doc FROM t_questions WHERE doc_id=?", number)
        return read_fitted("questions", row[0]) if row and fits("questions", row[0]) else None

    @guarded
    def open(self) -> list[Question]:
        rows = self.rows.all("SELECT doc FROM t_questions WHERE answered=0 ORDER BY doc_id")
        return [read_fitted("questions", doc) for (doc,) in rows if fits("questions", doc)]

    @guarded
    def answer(self, question: Question) -> None:
        with self.rows.transaction():
            if self.rows.one("SELECT 1 FROM t_questions WHERE doc_id=?", question.id) is not None:
                self._put(question)

    def _put(self, question: Question) -> None:
        document = {
            **to_document(question),
            "asked_ts": question.asked_at.timestamp(),
            "answered": int(question.answered_at is not None),
        }
        self.rows.put("questions", [(question.id, document)])
