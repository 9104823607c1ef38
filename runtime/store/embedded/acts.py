"""Acts of operators in rows; one that cannot be read hides no other."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from runtime.model.act import Act
from runtime.model.codec import to_document
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.facts import act_in
from runtime.store.fitting import fits, shown_act


def put_act(rows: Rows, act: Act) -> Act:
    """Add an act (id 0) or replace one, inside a transaction; returns it numbered."""
    if act.id == 0:
        highest = rows.one("SELECT max(doc_id) FROM t_acts")[0] or 0
        act = replace(act, id=highest + 1)
    document = {**to_document(act), "due_ts": act.due_at.timestamp()}
    rows.put("acts", [(act.id, document)])
    return act


class EmbeddedActs:
    """Acts of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def put(self, act: Act) -> Act:
        with self.rows.transaction():
            return put_act(self.rows, act)

    @guarded
    def get(self, act_id: int) -> Act | None:
        row = self.rows.one("SELECT doc FROM t_acts WHERE doc_id=?", act_id)
        return act_in(act_id, row[0]) if row else None

    @guarded
    def newest(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        conditions, values = [], []
        if target is not None:
            conditions.append("(target=? OR target LIKE ? ESCAPE '\\')")
            escaped = target.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            values += [target, escaped + "/%"]
        if outcome is not None:
            conditions.append("outcome=?")
            values.append(outcome)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = self.rows.all(
            f"SELECT doc_id, target, doc FROM t_acts{where} ORDER BY doc_id DESC LIMIT ?",
            *values,
            -1 if limit is None else limit,
        )
        return [shown_act(*row) for row in rows]

    @guarded
    def due(self, now: datetime) -> list[Act]:
        rows = self.rows.all(
            "SELECT doc_id, target, doc FROM t_acts WHERE outcome IN ('pending','running') AND due_ts<=? "
            "ORDER BY doc_id",
            now.timestamp(),
        )
        return [shown_act(*row) for row in rows if fits("acts", row[-1])]
