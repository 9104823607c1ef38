"""Holds in PostgreSQL."""

from __future__ import annotations

from runtime.model.act import Act, Hold
from runtime.model.codec import to_document
from runtime.store.fitting import usable_hold
from runtime.store.postgres.acts import put_act
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql
from runtime.store.postgres.text import column, text


class PostgresHolds:
    """Holds of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, *, released: bool = False) -> list[Hold]:
        found = [usable_hold(doc) for (doc,) in self._database.all("holds")]
        return [h for h in found if h is not None and (released or h.released_at is None)]

    def put(self, hold: Hold, act: Act | None = None) -> Act | None:
        values = (column(hold.scope), hold.at, text(to_document(hold)))

        def write(con: Connection) -> Act | None:
            con.execute(sql("put_hold"), values)
            return None if act is None else put_act(con, act)

        return self._database.writing(write)
