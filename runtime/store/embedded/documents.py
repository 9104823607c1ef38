"""Documents of all tables of a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.errors import Refused
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.facts import document_in
from runtime.store.layout import LAYOUTS, TABLES
from runtime.store.paging import every_document


class EmbeddedDocuments:
    """Documents of a file by table and number."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def export(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        return every_document(self)

    @guarded
    def page(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any]]]:
        rows = self.rows.all(f"SELECT doc_id, doc FROM t_{table} WHERE doc_id>? ORDER BY doc_id LIMIT ?", after, limit)
        return [(number, document_in(table, number, doc)) for number, doc in rows]

    @guarded
    def raw(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any], Any]]:
        names = [*LAYOUTS[table].columns] if table in LAYOUTS else []
        columns = "".join(f'"{name}", ' for name in names)
        rows = self.rows.all(
            f"SELECT doc_id, {columns}doc FROM t_{table} WHERE doc_id>? ORDER BY doc_id LIMIT ?", after, limit
        )
        return [(row[0], dict(zip(names, row[1:-1], strict=True)), row[-1]) for row in rows]

    @guarded
    def tally(self, table: str) -> int:
        return int(self.rows.one(f"SELECT count(*) FROM t_{table}")[0])

    @guarded
    def put(self, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        with self.rows.transaction():
            self.rows.put(table, list(rows))

    @guarded
    def drop(self, table: str, numbers: Sequence[int]) -> None:
        """Remove documents by number; what belongs to a run is in other tables and stays."""
        with self.rows.transaction():
            self.rows.con.executemany(f"DELETE FROM t_{table} WHERE doc_id=?", [(n,) for n in numbers])

    @guarded
    def restore(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        with self.rows.transaction():
            for document in tables.get("runs", {}).values():
                if self.rows.one("SELECT 1 FROM t_runs WHERE id=?", document.get("id")):
                    raise Refused(f"The run {document.get('id')} is in this store already; nothing was imported.")
            for table in TABLES:
                highest = self.rows.one(f"SELECT max(doc_id) FROM t_{table}")[0] or 0
                documents = [dict(d) for d in tables.get(table, {}).values()]
                if table in ("meta", "schedules", "flows"):
                    column = {"meta": "key", "schedules": "workflow", "flows": "hash"}[table]
                    known = {k for (k,) in self.rows.all(f"SELECT {column} FROM t_{table}")}
                    documents = [d for d in documents if d.get(column) not in known and d.get("key") != "scheduler"]
                if table == "acts":
                    documents = [{**d, "id": highest + n} for n, d in enumerate(documents, 1)]
                self.rows.put(table, [(highest + n, d) for n, d in enumerate(documents, 1)])

    def integrity(self) -> list[str]:
        """What SQLite's own check of the file finds; empty when it is sound."""
        try:
            return [str(text) for (text,) in self.rows.all("PRAGMA integrity_check(20)") if text != "ok"]
        except sqlite3.Error as problem:
            return [str(problem)]

    def sizes(self) -> tuple[int, int]:
        """Bytes of the file, and of the write-ahead log beside it."""
        data, log = (Path(self.rows.path + end) for end in ("", "-wal"))
        return tuple(f.stat().st_size if f.exists() else 0 for f in (data, log))  # type: ignore[return-value]
