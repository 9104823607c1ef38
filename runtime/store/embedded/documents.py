"""Documents of all tables of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.errors import Refused
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import column
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.facts import document_in
from runtime.store.layout import LAYOUTS, TABLES
from runtime.store.paging import every_document

KEYED = {"meta": "key", "schedules": "workflow", "flows": "hash"}
"""Tables of which a document that is there already is kept, and the field of their keys."""


class EmbeddedDocuments:
    """Documents of a file by table and number."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database

    def export(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        return every_document(self)

    @guarded
    def page(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any]]]:
        rows = self.database.records(table).select(("doc_id", "doc"), column("doc_id") > after, limit=limit)
        return [(number, document_in(table, number, doc)) for number, doc in rows]

    @guarded
    def raw(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any], Any]]:
        names = [*LAYOUTS[table].columns] if table in LAYOUTS else []
        rows = self.database.records(table).select(("doc_id", *names, "doc"), column("doc_id") > after, limit=limit)
        return [(row[0], dict(zip(names, row[1:-1], strict=True)), row[-1]) for row in rows]

    @guarded
    def tally(self, table: str) -> int:
        return self.database.records(table).count_rows()

    @guarded
    def put(self, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        with self.database.transaction():
            self.database.records(table).put_documents(rows)

    @guarded
    def drop(self, table: str, numbers: Sequence[int]) -> None:
        """Remove documents by number; what belongs to a run is in other tables and stays."""
        with self.database.transaction():
            self.database.records(table).discard_each(("doc_id",), [(number,) for number in numbers])

    @guarded
    def restore(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        with self.database.transaction():
            ids = [str(document.get("id")) for document in tables.get("runs", {}).values()]
            for (taken,) in self.database.records("runs").select_any(("id",), "id", ids):
                raise Refused(f"The run {taken} is in this store already; nothing was imported.")
            for name in TABLES:
                table = self.database.records(name)
                highest = table.highest_number()
                documents = [dict(d) for d in tables.get(name, {}).values()]
                if name in KEYED:
                    field = KEYED[name]
                    known = {key for (key,) in table.select((field,))}
                    documents = [d for d in documents if d.get(field) not in known and d.get("key") != "scheduler"]
                if name == "acts":
                    documents = [{**d, "id": highest + n} for n, d in enumerate(documents, 1)]
                table.put_documents([(highest + n, d) for n, d in enumerate(documents, 1)])

    def integrity(self) -> list[str]:
        return self.database.rows.integrity()

    def sizes(self) -> tuple[int, int]:
        """Bytes of the file, and of the write-ahead log beside it."""
        data, log = (Path(self.database.rows.path + end) for end in ("", "-wal"))
        return tuple(f.stat().st_size if f.exists() else 0 for f in (data, log))  # type: ignore[return-value]
