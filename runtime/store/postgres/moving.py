"""Documents as they are exported, imported and copied: the same in every store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from runtime.errors import Refused
from runtime.model.act import Act, Hold
from runtime.model.codec import from_document
from runtime.model.run import Run
from runtime.store.layout import TABLES
from runtime.store.postgres.database import Connection
from runtime.store.postgres.queries import sql
from runtime.store.postgres.saving import head
from runtime.store.postgres.small_tables import SmallTables, column, text

PAGE = 500
KEYS: dict[str, tuple[str, ...]] = {
    "branches": ("run_id", "id"),
    "joins": ("run_id", "step_id", "visit"),
    "history": (),
    "polls": (),
    "acts": (),
    "holds": ("scope", "at"),
    "schedules": ("workflow",),
    "flows": ("hash",),
    "meta": ("key",),
}


class Moving(SmallTables):
    """The part of the store that gives and takes documents by table and number."""

    def export(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        """Every document as (table, number, document)."""
        for table in TABLES:
            last = 0
            while rows := self.page(table, last):
                for number, document in rows:
                    yield table, number, document
                last = rows[-1][0]

    def page(self, table: str, after: int, limit: int = PAGE) -> list[tuple[int, dict[str, Any]]]:
        """Documents of a table with numbers above `after`, in order."""
        source = "heads h JOIN runs d ON d.id = h.id" if table == "runs" else f"{table} d"
        number = "h.number" if table == "runs" else "d.number"
        query = f"SELECT {number}, d.doc FROM {source} WHERE {number} > %s ORDER BY {number} LIMIT %s"
        rows = self.database.reading(lambda con: con.execute(query, (after, limit)).fetchall())
        return [(n, orjson.loads(doc)) for n, doc in rows]

    def tally(self, table: str) -> int:
        """How many documents a table has."""
        name = "heads" if table == "runs" else table
        row: Any = self.database.reading(lambda con: con.execute(f"SELECT count(*) FROM {name}").fetchone())
        return int(row[0])

    def put_documents(self, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Write documents with their numbers, in place of those that are there already."""
        self.database.writing(lambda con: self._put(con, table, rows))

    def _put(self, con: Connection, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        for number, document in rows:
            if table == "runs":
                run = from_document(document, Run)
                con.execute("DELETE FROM heads WHERE id = %s", (run.id,))
                con.execute(sql("insert_heads"), [[value] for value in head(run)])
                con.execute("UPDATE heads SET number = %s WHERE id = %s", (number, run.id))
                con.execute(sql("insert_runs"), ([run.id], [text(document)]))
                continue
            given = row_of(table, document)
            names = ["number", *given, "doc"]
            keys = KEYS[table] or ("number",)
            updates = ", ".join(f"{n} = excluded.{n}" for n in names if n not in keys)
            con.execute(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) "
                f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {updates}",
                (number, *given.values(), text(document)),
            )
        self._number_on(con, table)

    @staticmethod
    def _number_on(con: Connection, table: str) -> None:
        name = "heads" if table == "runs" else table
        con.execute(
            f"SELECT setval(pg_get_serial_sequence('forkjoin.{name}', 'number'), "
            f"GREATEST((SELECT max(number) FROM {name}), 1))"
        )

    def restore(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Add exported documents in one transaction; Refused if a run id is there already."""

        def write(con: Connection) -> None:
            ids = [column(str(d.get("id"))) for d in tables.get("runs", {}).values()]
            taken = con.execute(sql("taken_runs"), (ids,)).fetchone()
            if taken is not None:
                raise Refused(f"The run {taken[0]} is in this store already; nothing was imported.")
            for table in TABLES:
                documents = [dict(d) for d in tables.get(table, {}).values()]
                name = "heads" if table == "runs" else table
                row = con.execute(f"SELECT COALESCE(max(number), 0) FROM {name}").fetchone()
                highest = row[0] if row else 0
                if table in ("meta", "schedules", "flows"):
                    key = KEYS[table][0]
                    known = {k for (k,) in con.execute(f"SELECT {key} FROM {table}").fetchall()}
                    documents = [d for d in documents if d.get(key) not in known and d.get("key") != "scheduler"]
                if table == "acts":
                    documents = [{**d, "id": highest + n} for n, d in enumerate(documents, 1)]
                if documents:
                    self._put(con, table, [(highest + n, d) for n, d in enumerate(documents, 1)])

        self.database.writing(write)


def row_of(table: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a document besides number and text."""
    if table == "acts":
        act = from_document(document, Act)
        return {"outcome": column(act.outcome), "due_at": act.due_at, "target": column(act.target)}
    if table == "holds":
        hold = from_document(document, Hold)
        return {"scope": column(hold.scope), "at": hold.at}
    if table == "polls":
        return {
            "run_id": document["run_id"],
            "branch": column(document["branch"]),
            "poll": document["number"],
        }
    if table == "history":
        return {"run_id": document["run_id"], "entries_n": document["entries_n"]}
    return {key: _plain(document[key]) for key in KEYS[table]}


def _plain(value: Any) -> Any:
    return column(value) if isinstance(value, str) else value
