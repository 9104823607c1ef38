"""Acts of operators in PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from runtime.model.act import Act
from runtime.model.codec import to_document
from runtime.store.facts import act_in
from runtime.store.fitting import fits, shown_act
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql
from runtime.store.postgres.text import column, text


def put_act(con: Connection, act: Act) -> Act:
    """Add an act (id 0) or replace one, inside a transaction; returns it numbered."""
    if act.id == 0:
        row = con.execute(sql("add_act"), (column(act.outcome), act.due_at, column(act.target))).fetchone()
        assert row is not None
        act = replace(act, id=row[0])
    con.execute(sql("put_act"), (act.id, column(act.outcome), act.due_at, column(act.target), _act_text(act)))
    return act


def _act_text(act: Act) -> str:
    """The stored document of an act, the same as in the embedded store."""
    return text({**to_document(act), "due_ts": act.due_at.timestamp()})


class PostgresActs:
    """Acts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, act: Act) -> Act:
        return self._database.writing(lambda con: put_act(con, act))

    def get(self, act_id: int) -> Act | None:
        row = self._database.one("act", act_id)
        return act_in(act_id, row[0]) if row else None

    def newest(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        escaped = None if target is None else target.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        named = {
            "target": None if target is None else column(target),
            "below": None if escaped is None else column(escaped) + "/%",
            "outcome": outcome,
            "limit": limit,
        }
        return [shown_act(*row) for row in self._database.all("acts", named=named)]

    def due(self, now: datetime) -> list[Act]:
        return [shown_act(*row) for row in self._database.all("due_acts", now) if fits("acts", row[-1])]
