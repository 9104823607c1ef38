"""Acts of operators; one that cannot be read hides no other."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace
from tinydb.queries import QueryInstance

from runtime.model.act import Act
from runtime.model.codec import to_document
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import Key, column
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.facts import act_in
from runtime.store.fitting import fits, shown_act

NEWEST_FIRST = (Key("doc_id", descending=True),)
LISTED = ("doc_id", "target", "doc")


def put_act(database: StoreDatabase, act: Act) -> Act:
    """Add an act (id 0) or replace one, inside a transaction; returns it numbered."""
    acts = database.records("acts")
    if act.id == 0:
        act = replace(act, id=acts.highest_number() + 1)
    acts.put_documents([(act.id, {**to_document(act), "due_ts": act.due_at.timestamp()})])
    return act


class EmbeddedActs:
    """Acts of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._acts = database.records("acts")

    @guarded
    def put(self, act: Act) -> Act:
        with self.database.transaction():
            return put_act(self.database, act)

    @guarded
    def get(self, act_id: int) -> Act | None:
        rows = self._acts.select_any(("doc",), "doc_id", [act_id])
        return act_in(act_id, rows[0][0]) if rows else None

    @guarded
    def newest(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        cond: QueryInstance | None = None
        if target is not None:
            cond = (column("target") == target) | column("target").starts_with(f"{target}/")
        if outcome is not None:
            with_outcome = column("outcome") == outcome
            cond = with_outcome if cond is None else cond & with_outcome
        return [shown_act(*row) for row in self._acts.select(LISTED, cond, order=NEWEST_FIRST, limit=limit)]

    @guarded
    def due(self, now: datetime) -> list[Act]:
        cond = column("outcome").one_of(["pending", "running"]) & (column("due_ts") <= now.timestamp())
        return [shown_act(*row) for row in self._acts.select(LISTED, cond) if fits("acts", row[-1])]
