"""The part of the PostgreSQL store that is not about runs: acts, holds, schedules, flows, facts, questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import replace

from runtime.model.act import Act, Hold
from runtime.model.codec import to_document
from runtime.model.question import Question
from runtime.store.embedded.question_table import KEPT
from runtime.store.facts import act_in, epoch_in, fact_in, flow_in, flows_in, schedules_in
from runtime.store.fitting import fits, read_fitted, shown_act, usable_hold
from runtime.store.postgres.change_feed import Changes
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql


def text(document: Any) -> str:
    """A document as the JSON text that is stored."""
    return orjson.dumps(document).decode()


def column(value: str) -> str:
    """Text as a column can hold it: PostgreSQL knows no NUL."""
    return value.replace("\x00", "\\0")


class SmallTables:
    """What is kept beside the runs."""

    def __init__(self, database: Database) -> None:
        """Work in this database."""
        self.database = database
        self._changes = Changes(database)

    def _put_act(self, con: Connection, act: Act) -> Act:
        if act.id == 0:
            row = con.execute(sql("add_act"), (column(act.outcome), act.due_at, column(act.target))).fetchone()
            assert row is not None
            act = replace(act, id=row[0])
        con.execute(sql("put_act"), (act.id, column(act.outcome), act.due_at, column(act.target), act_text(act)))
        return act

    def add_act(self, act: Act) -> Act:
        """Add an act and number it, or replace the one with its id."""
        return self.database.writing(lambda con: self._put_act(con, act))

    def act(self, act_id: int) -> Act | None:
        """One act; Damaged if it cannot be read."""
        row = self.database.one("act", act_id)
        return act_in(act_id, row[0]) if row else None

    def acts(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        """Acts, newest first; those of a run are found by the run's id too."""
        escaped = None if target is None else target.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        named = {
            "target": None if target is None else column(target),
            "below": None if escaped is None else column(escaped) + "/%",
            "outcome": outcome,
            "limit": limit,
        }
        return [shown_act(*row) for row in self.database.all("acts", named=named)]

    def due_acts(self, now: datetime) -> list[Act]:
        """Pending or running acts that are due, oldest first; none that cannot be read."""
        return [shown_act(*row) for row in self.database.all("due_acts", now) if fits("acts", row[-1])]

    def holds(self, *, released: bool = False) -> list[Hold]:
        """Active holds, oldest first; with `released` the released ones too."""
        found = [usable_hold(doc) for (doc,) in self.database.all("holds")]
        return [h for h in found if h is not None and (released or h.released_at is None)]

    def put_hold(self, hold: Hold, act: Act | None = None) -> Act | None:
        """Add or replace the hold with this scope and moment, together with an act."""
        values = (column(hold.scope), hold.at, text(to_document(hold)))

        def write(con: Connection) -> Act | None:
            con.execute(sql("put_hold"), values)
            return None if act is None else self._put_act(con, act)

        return self.database.writing(write)

    def put_flow(self, flow_hash: str, source: Mapping[str, Any], workflow: str) -> None:
        """Store FlowJSON by content hash."""
        row = self.database.one("flow", flow_hash)
        if row is not None and fits("flows", row[1]):
            return
        document = text({"hash": flow_hash, "workflow": workflow, "source": source})
        self.database.writing(lambda con: con.execute(sql("put_flow"), (flow_hash, document)))

    def flow(self, flow_hash: str) -> Mapping[str, Any] | None:
        """FlowJSON by content hash; Damaged if it cannot be read."""
        row = self.database.one("flow", flow_hash)
        return flow_in(*row) if row else None

    def flows(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every FlowJSON that can be read, each with the workflow it was stored for first."""
        return flows_in(doc for (doc,) in self.database.all("all_flows"))

    def schedules(self) -> dict[str, dict[str, Any]]:
        """State of schedules by workflow; none that cannot be read."""
        return schedules_in(doc for (doc,) in self.database.all("schedules"))

    def put_schedule(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        """Store or remove the state of a schedule."""
        if state is None:
            self.database.writing(lambda con: con.execute(sql("drop_schedule"), (column(workflow),)))
            return
        values = (column(workflow), text({"workflow": workflow, **state}))
        self.database.writing(lambda con: con.execute(sql("put_schedule"), values))

    def meta(self, key: str) -> Any:
        """A fact about the store; one that cannot be read is as if it were not known, but for `moved_to`."""
        row = self.database.one("meta", key)
        return fact_in(key, row[0]) if row else None

    def put_meta(self, key: str, value: Any) -> None:
        """Store a fact about the store."""
        self.database.writing(lambda con: con.execute(sql("put_meta"), (key, text({"key": key, "value": value}))))

    def new_epoch(self) -> int:
        """Begin a new epoch of driving."""

        def begin(con: Connection) -> int:
            con.execute(sql("new_meta"), ("epoch", text({"key": "epoch", "value": 0})))
            row = con.execute(sql("meta_locked"), ("epoch",)).fetchone()
            assert row is not None
            epoch = epoch_in(row[0]) + 1
            con.execute(sql("put_meta"), ("epoch", text({"key": "epoch", "value": epoch})))
            return epoch

        return self.database.writing(begin)

    def ask(self, question: Question) -> Question:
        """Store a question and number it; those older than ten minutes are removed."""

        def store(con: Connection) -> Question:
            con.execute(sql("forget_questions"), (question.asked_at - KEPT,))
            row = con.execute(sql("add_question"), (question.asked_at,)).fetchone()
            assert row is not None
            numbered = replace(question, id=row[0])
            con.execute(sql("put_question"), (False, text(to_document(numbered)), numbered.id))
            return numbered

        return self.database.writing(store)

    def answer(self, question: Question) -> None:
        """Store the answer, if the question is still there."""
        values = (question.answered_at is not None, text(to_document(question)), question.id)
        self.database.writing(lambda con: con.execute(sql("put_question"), values))

    def question(self, number: int) -> Question | None:
        """One question."""
        row = self.database.one("question", number)
        return read_fitted("questions", row[0]) if row and fits("questions", row[0]) else None

    def open_questions(self) -> list[Question]:
        """Questions that are not answered, oldest first; none that cannot be read, which are soon removed."""
        rows = self.database.all("open_questions")
        return [read_fitted("questions", doc) for (doc,) in rows if fits("questions", doc)]

    @property
    def place(self) -> str:
        """Where it lies."""
        return self.database.name

    def may_write(self) -> bool:
        """Whether this role may write the tables, on a server that takes writes."""
        return bool(self.database.one("may_write")[0])

    def now(self) -> datetime:
        """The moment by the clock of the database."""
        moment: datetime = self.database.one("database_now")[0]
        return moment

    def change_token(self) -> int:
        """Differs after any process changed the store."""
        return int(self.database.one("change_token")[0])

    def await_change(self, token: int, seconds: float) -> int:
        """Wait for another change token, woken by the notifications of those who change something."""
        return self._changes.wait(token, seconds)

    def stop_waiting(self) -> None:
        """End every wait for a change."""
        self._changes.stop()

    def settled(self, transaction: str) -> bool:
        """Whether a transaction has ended, by the server's own record."""
        return self.database.ended(transaction)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the database; its log belongs to the server."""
        return int(self.database.one("database_size")[0]), 0

    def close(self) -> None:
        """Close all connections."""
        self._changes.close()
        self.database.close()


def act_text(act: Act) -> str:
    """The stored document of an act, the same as in the embedded store."""
    return text({**to_document(act), "due_ts": act.due_at.timestamp()})
