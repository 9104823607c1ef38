"""Documents as they are exported, imported and copied: the same in every store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg.sql import Identifier

from runtime.errors import Refused
from runtime.model.act import Act, Hold
from runtime.model.codec import from_document
from runtime.model.run import Run
from runtime.store.facts import document_in
from runtime.store.layout import TABLES
from runtime.store.paging import every_document
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import piece, sql
from runtime.store.postgres.saving import columns, head
from runtime.store.postgres.text import column, text

PAGE = 500
KEYS: dict[str, tuple[str, ...]] = {
    "branches": ("run_id", "id"),
    "joins": ("run_id", "step_id", "visit"),
    "schedules": ("workflow",),
    "flows": ("hash",),
    "meta": ("key",),
}


class PostgresDocuments:
    """Documents of a database by table and number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def export(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        return every_document(self)

    def page(self, table: str, after: int, limit: int = PAGE) -> list[tuple[int, dict[str, Any]]]:
        query = piece("page_runs") if table == "runs" else piece("page", table=Identifier(table))
        rows = self._database.reading(lambda con: con.execute(query, (after, limit)).fetchall())
        return [(n, document_in(table, n, doc)) for n, doc in rows]

    def raw(self, table: str, after: int, limit: int = PAGE) -> list[tuple[int, dict[str, Any], Any]]:
        query = piece("raw_runs") if table == "runs" else piece("raw", table=Identifier(table))
        rows: list[tuple[int, dict[str, Any], Any]] = self._database.reading(
            lambda con: con.execute(query, (after, limit)).fetchall()
        )
        return rows

    def integrity(self) -> list[str]:
        """Nothing: the server checks its own files."""
        return []

    def tally(self, table: str) -> int:
        query = piece("tally", table=Identifier(_numbered(table)))
        row: Any = self._database.reading(lambda con: con.execute(query).fetchone())
        return int(row[0])

    def put(self, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        def write(con: Connection) -> None:
            self._place(con, table, rows)
            con.execute(piece("number_on", table=Identifier(_numbered(table))), (_numbered(table),))

        self._database.writing(write)

    def drop(self, table: str, numbers: Sequence[int]) -> None:
        """Remove documents by number; a run goes with all that belongs to it."""
        query = piece("drop_documents", table=Identifier(_numbered(table)))
        self._database.writing(lambda con: con.execute(query, (list(numbers),)))

    def _place(self, con: Connection, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        numbers = [number for number, _ in rows]
        con.execute(piece("drop_documents", table=Identifier(_numbered(table))), (numbers,))
        if table == "runs":
            runs = [from_document(document, Run) for _, document in rows]
            con.execute(sql("remove"), ([run.id for run in runs],))
            con.execute(sql("place_heads"), [*columns([head(run) for run in runs]), numbers])
            con.execute(
                sql("insert_runs"),
                columns([(run.id, text(document)) for run, (_, document) in zip(runs, rows, strict=True)]),
            )
            return
        # A statement cannot touch one row twice: of two documents with one key the last counts.
        values = {key_of(table, n, d): (n, *values_of(table, d), text(d)) for n, d in rows}
        con.execute(sql(f"place_{table}"), columns(list(values.values())))

    def sizes(self) -> tuple[int, int]:
        """Bytes of the database; its log belongs to the server."""
        return int(self._database.one("database_size")[0]), 0

    def restore(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        def write(con: Connection) -> None:
            ids = [column(str(d.get("id"))) for d in tables.get("runs", {}).values()]
            taken = con.execute(sql("taken_runs"), (ids,)).fetchone()
            if taken is not None:
                raise Refused(f"The run {taken[0]} is in this store already; nothing was imported.")
            for table in TABLES:
                documents = [dict(d) for d in tables.get(table, {}).values()]
                if table in ("meta", "schedules", "flows"):
                    key = KEYS[table][0]
                    query = piece("keys", key=Identifier(key), table=Identifier(table))
                    known = {k for (k,) in con.execute(query).fetchall()}
                    documents = [d for d in documents if d.get(key) not in known and d.get("key") != "scheduler"]
                if not documents:
                    continue
                drawn = con.execute(sql("new_numbers"), (_numbered(table), len(documents))).fetchall()
                rows = [(number, document) for (number,), document in zip(drawn, documents, strict=True)]
                if table == "acts":
                    rows = [(number, {**document, "id": number}) for number, document in rows]
                self._place(con, table, rows)

        self._database.writing(write)


def key_of(table: str, number: int, document: Mapping[str, Any]) -> tuple[Any, ...]:
    """What no other document of its table has."""
    if table == "holds":
        return (column(document["scope"]), document["at"])
    names = KEYS.get(table)
    return (number,) if names is None else tuple(_plain(document[name]) for name in names)


def values_of(table: str, document: Mapping[str, Any]) -> tuple[Any, ...]:
    """The columns of a document between number and text, in the order of `place_TABLE`."""
    if table == "acts":
        act = from_document(document, Act)
        return (column(act.outcome), act.due_at, column(act.target))
    if table == "holds":
        hold = from_document(document, Hold)
        return (column(hold.scope), hold.at)
    if table == "polls":
        return (document["run_id"], column(document["branch"]), document["number"])
    if table == "history":
        return (document["run_id"], document["entries_n"])
    return tuple(_plain(document[key]) for key in KEYS[table])


def _numbered(table: str) -> str:
    """The table that has the numbers of these documents."""
    return "heads" if table == "runs" else table


def _plain(value: Any) -> Any:
    return column(value) if isinstance(value, str) else value
