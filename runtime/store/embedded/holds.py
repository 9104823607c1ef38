"""Holds."""

from __future__ import annotations

from runtime.model.act import Act, Hold
from runtime.model.codec import to_document
from runtime.store.embedded.acts import put_act
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.fitting import usable_hold


class EmbeddedHolds:
    """Holds of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._holds = database.records("holds")

    @guarded
    def all(self, *, released: bool = False) -> list[Hold]:
        found = [usable_hold(doc) for (doc,) in self._holds.select(("doc",))]
        return [h for h in found if h is not None and (released or h.released_at is None)]

    @guarded
    def put(self, hold: Hold, act: Act | None = None) -> Act | None:
        with self.database.transaction():
            number = self._holds.highest_number() + 1
            for known_number, doc in self._holds.select(("doc_id", "doc")):
                known = usable_hold(doc)
                if known is not None and (known.scope, known.at) == (hold.scope, hold.at):
                    number = known_number
            self._holds.put_documents([(number, to_document(hold))])
            return None if act is None else put_act(self.database, act)
