"""Questions to external systems: few, and removed soon after they were asked."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from runtime.model.codec import to_document
from runtime.model.question import Question
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.small_tables import SmallTables
from runtime.store.fitting import fits, read_fitted

KEPT = timedelta(minutes=10)


class QuestionTable(SmallTables):
    """The part of the store that keeps questions."""

    @guarded
    def ask(self, question: Question) -> Question:
        """Store a question and number it; those older than ten minutes are removed."""
        with self.rows.transaction():
            # Before anything is removed: a number is never given twice.
            highest = self.one("SELECT max(doc_id) FROM t_questions")[0] or 0
            self.rows.con.execute("DELETE FROM t_questions WHERE asked_ts<?", ((question.asked_at - KEPT).timestamp(),))
            numbered = replace(question, id=highest + 1)
            self._put(numbered)
        return numbered

    @guarded
    def answer(self, question: Question) -> None:
        """Store the answer, if the question is still there."""
        with self.rows.transaction():
            if self.one("SELECT 1 FROM t_questions WHERE doc_id=?", question.id) is not None:
                self._put(question)

    @guarded
    def question(self, number: int) -> Question | None:
        """One question."""
        row = self.one("SELECT doc FROM t_questions WHERE doc_id=?", number)
        return read_fitted("questions", row[0]) if row and fits("questions", row[0]) else None

    @guarded
    def open_questions(self) -> list[Question]:
        """Questions that are not answered, oldest first; none that cannot be read, which are soon removed."""
        rows = self.all("SELECT doc FROM t_questions WHERE answered=0 ORDER BY doc_id")
        return [read_fitted("questions", doc) for (doc,) in rows if fits("questions", doc)]

    def _put(self, question: Question) -> None:
        document = {
            **to_document(question),
            "asked_ts": question.asked_at.timestamp(),
            "answered": int(question.answered_at is not None),
        }
        self.rows.put("questions", [(question.id, document)])
