"""Acts of operators, and the holds they set."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from runtime.model.act import Act, Hold
from runtime.model.codec import to_document
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.small_tables import SmallTables
from runtime.store.facts import act_in
from runtime.store.fitting import fits, shown_act, usable_hold


class ActTable(SmallTables):
    """The part of the store that keeps acts and holds; one that cannot be read hides no other."""

    def _put_act(self, act: Act) -> Act:
        if act.id == 0:
            highest = self.one("SELECT max(doc_id) FROM t_acts")[0] or 0
            act = replace(act, id=highest + 1)
        document = {**to_document(act), "due_ts": act.due_at.timestamp()}
        self.rows.put("acts", [(act.id, document)])
        return act

    @guarded
    def add_act(self, act: Act) -> Act:
        """Add an act and number it, or replace the one with its id."""
        with self.rows.transaction():
            return self._put_act(act)

    @guarded
    def act(self, act_id: int) -> Act | None:
        """One act; Damaged if it cannot be read."""
        row = self.one("SELECT doc FROM t_acts WHERE doc_id=?", act_id)
        return act_in(act_id, row[0]) if row else None

    @guarded
    def acts(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        """Acts, newest first; those of a run are found by the run's id too."""
        conditions, values = [], []
        if target is not None:
            conditions.append("(target=? OR target LIKE ? ESCAPE '\\')")
            escaped = target.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            values += [target, escaped + "/%"]
        if outcome is not None:
            conditions.append("outcome=?")
            values.append(outcome)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = self.all(
            f"SELECT doc_id, target, doc FROM t_acts{where} ORDER BY doc_id DESC LIMIT ?",
            *values,
            -1 if limit is None else limit,
        )
        return [shown_act(*row) for row in rows]

    @guarded
    def due_acts(self, now: datetime) -> list[Act]:
        """Pending or running acts that are due, oldest first; none that cannot be read."""
        rows = self.all(
            "SELECT doc_id, target, doc FROM t_acts WHERE outcome IN ('pending','running') AND due_ts<=? "
            "ORDER BY doc_id",
            now.timestamp(),
        )
        return [shown_act(*row) for row in rows if fits("acts", row[-1])]

    @guarded
    def holds(self, *, released: bool = False) -> list[Hold]:
        """Active holds, oldest first; with `released` the released ones too."""
        found = [usable_hold(doc) for (doc,) in self.all("SELECT doc FROM t_holds ORDER BY doc_id")]
        return [h for h in found if h is not None and (released or h.released_at is None)]

    @guarded
    def put_hold(self, hold: Hold, act: Act | None = None) -> Act | None:
        """Add or replace the hold with this scope and moment, together with an act."""
        with self.rows.transaction():
            number = self.one("SELECT max(doc_id) FROM t_holds")[0] or 0
            for doc_id, doc in self.all("SELECT doc_id, doc FROM t_holds"):
                known = usable_hold(doc)
                if known is not None and (known.scope, known.at) == (hold.scope, hold.at):
                    number = doc_id - 1
            self.rows.put("holds", [(number + 1, to_document(hold))])
            return None if act is None else self._put_act(act)
