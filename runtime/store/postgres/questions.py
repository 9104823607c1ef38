"""Questions in PostgreSQL."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.model.codec import to_document
from runtime.model.question import Question
from runtime.store.fitting import fits, read_fitted
from runtime.store.ports.questions import KEPT
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql
from runtime.store.postgres.text import text


class PostgresQuestions:
    """Questions of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, question: Question) -> Question:
        def store(con: Connection) -> Question:
            con.execute(sql("forget_questions"), (question.asked_at - KEPT,))
            row = con.execute(sql("add_question"), (question.asked_at,)).fetchone()
            assert row is not None
            numbered = replace(question, id=row[0])
            con.execute(sql("put_question"), (False, text(to_document(numbered)), numbered.id))
            return numbered

        return self._database.writing(store)

    def get(self, number: int) -> Question | None:
        row = self._database.one("question", number)
        return read_fitted("questions", row[0]) if row and fits("questions", row[0]) else None

    def open(self) -> list[Question]:
        rows = self._database.all("open_questions")
        return [read_fitted("questions", doc) for (doc,) in rows if fits("questions", doc)]

    def answer(self, question: Question) -> None:
        values = (question.answered_at is not None, text(to_document(question)), question.id)
        self._database.writing(lambda con: con.execute(sql("put_question"), values))
