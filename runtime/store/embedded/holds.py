"""Holds in rows."""

from __future__ import annotations

from runtime.model.act import Act, Hold
from runtime.model.codec import to_document
from runtime.store.embedded.acts import put_act
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.fitting import usable_hold


class EmbeddedHolds:
    """Holds of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def all(self, *, released: bool = False) -> list[Hold]:
        found = [usable_hold(doc) for (doc,) in self.rows.all("SELECT doc FROM t_holds ORDER BY doc_id")]
        return [h for h in found if h is not None and (released or h.released_at is None)]

    @guarded
    def put(self, hold: Hold, act: Act | None = None) -> Act | None:
        with self.rows.transaction():
            number = self.rows.one("SELECT max(doc_id) FROM t_holds")[0] or 0
            for doc_id, doc in self.rows.all("SELECT doc_id, doc FROM t_holds"):
                known = usable_hold(doc)
                if known is not None and (known.scope, known.at) == (hold.scope, hold.at):
                    number = doc_id - 1
            self.rows.put("holds", [(number + 1, to_document(hold))])
            return None if act is None else put_act(self.rows, act)
