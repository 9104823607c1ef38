"""A TinyDB table over rows: TinyDB's own code decides, narrowed to the rows an index says can matter."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import orjson
from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from runtime.store.embedded.row_storage import RowStorage, encode
from runtime.store.layout import Layout

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_COMPARED = {"==": "=", "<=": "<=", "<": "<", ">=": ">=", ">": ">"}


def narrow(condition: Any, layout: Layout) -> tuple[str, list[Any]] | None:
    """An SQL condition that every document matching a query satisfies, or None if no index can help.

    Reads the hash of a TinyDB 4 query; whatever it finds is checked again by the query itself.
    """
    if not isinstance(condition, tuple) or not condition:
        return None
    kind = condition[0]
    if kind == "and":
        parts = [p for p in (narrow(c, layout) for c in condition[1]) if p is not None]
        return (" AND ".join(p[0] for p in parts), [v for p in parts for v in p[1]]) if parts else None
    if kind == "or":
        either = [narrow(c, layout) for c in condition[1]]
        if not either or any(p is None for p in either):
            return None
        known = [p for p in either if p is not None]
        return "(" + " OR ".join(p[0] for p in known) + ")", [v for p in known for v in p[1]]
    if kind in _COMPARED and len(condition) == 3 and len(condition[1]) == 1:
        column, value = condition[1][0], condition[2]
        fits = {"TEXT": str, "INTEGER": (int, float), "REAL": (int, float)}.get(layout.columns.get(column, ""))
        if fits and isinstance(value, cast(Any, fits)) and not isinstance(value, bool):
            if isinstance(value, int) and abs(value) >= 2**53:
                return None
            if kind == "==" or layout.columns[column] != "TEXT":
                return f'"{column}" {_COMPARED[kind]} ?', [value]
    return None


def within(ids: Iterable[Any]) -> tuple[str, list[Any]]:
    """The SQL condition for documents with these numbers; like TinyDB, one that is no whole number finds nothing."""
    known = [int(text) for text in map(str, ids) if _NUMBER.fullmatch(text) and abs(int(text)) < 2**63]
    return "doc_id IN (SELECT value FROM json_each(?))", [orjson.dumps(known).decode()]


class RowTable(Table):
    """One table of documents; every call means what it means in stock TinyDB, in one durable commit."""

    default_query_cache_capacity = 0

    def __init__(self, storage: Any, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        """Make the table over a RowStorage."""
        self.rows: RowStorage = storage
        self._only: tuple[str, list[Any]] | None = None
        super().__init__(storage, name, cache_size=0, persist_empty=False)
        if persist_empty:
            storage.ensure(name)

    def _select(self, where: tuple[str, list[Any]] | None = None) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if not self.rows.exists(self.name):
            return
        sql = f"SELECT doc_id, doc FROM {self.rows.quoted(self.name)}"
        if where is not None:
            sql += f" WHERE {where[0]}"
        with self.rows.lock:
            found = self.rows.con.execute(sql + " ORDER BY doc_id", where[1] if where else []).fetchall()
        for doc_id, document in found:
            yield doc_id, orjson.loads(document)

    def _narrowed(self, condition: QueryLike | None) -> tuple[str, list[Any]] | None:
        return narrow(getattr(condition, "_hash", None), self.rows.layout(self.name)) if condition is not None else None

    def search(self, cond: QueryLike) -> list[Document]:
        """All documents the query matches."""
        return [self.document_class(d, i) for i, d in self._select(self._narrowed(cond)) if cond(d)]

    def get(self, cond: QueryLike | None = None, doc_id: int | None = None, doc_ids: Any = None) -> Any:
        """One document by query or id, or documents by ids, as in TinyDB."""
        if doc_id is not None:
            return next((self.document_class(d, i) for i, d in self._select(within([doc_id]))), None)
        if doc_ids is not None:
            return [self.document_class(d, i) for i, d in self._select(within(doc_ids))]
        if cond is None:
            raise RuntimeError("You have to pass either cond or doc_id or doc_ids")
        return next((self.document_class(d, i) for i, d in self._select(self._narrowed(cond)) if cond(d)), None)

    def contains(self, cond: QueryLike | None = None, doc_id: int | None = None) -> bool:
        """Whether a document is there, by query or id."""
        if doc_id is not None or cond is not None:
            return self.get(cond, doc_id=doc_id) is not None
        raise RuntimeError("You have to pass either cond or doc_id")

    def __iter__(self) -> Iterator[Document]:
        """Every document."""
        return iter([self.document_class(d, i) for i, d in self._select()])

    def __len__(self) -> int:
        """Number of documents."""
        if not self.rows.exists(self.name):
            return 0
        with self.rows.lock:
            return int(self.rows.con.execute(f"SELECT count(*) FROM {self.rows.quoted(self.name)}").fetchone()[0])

    def insert(self, document: Mapping[str, Any]) -> int:
        """Insert one document."""
        given = document.doc_id if isinstance(document, Document) else None
        with self.rows.transaction(), self._touching(within([given]) if given is not None else ("0", [])):
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """Insert documents in one commit."""
        known = list(documents)
        ids = [d.doc_id for d in known if isinstance(d, Document)]
        with self.rows.transaction(), self._touching(within(ids)):
            return super().insert_multiple(known)

    def update(self, fields: Any, cond: QueryLike | None = None, doc_ids: Any = None) -> list[int]:
        """Update documents by fields or operation."""
        ids = None if doc_ids is None else list(doc_ids)
        with self.rows.transaction(), self._touching(self._candidates(cond, ids)):
            return super().update(fields, cond, ids)

    def remove(self, cond: QueryLike | None = None, doc_ids: Any = None) -> list[int]:
        """Remove documents."""
        ids = None if doc_ids is None else list(doc_ids)
        with self.rows.transaction(), self._touching(self._candidates(cond, ids)):
            return super().remove(cond, ids)

    def _candidates(self, cond: QueryLike | None, ids: list[int] | None) -> tuple[str, list[Any]] | None:
        if ids is not None:
            return within(ids)
        return self._narrowed(cond)

    @contextmanager
    def _touching(self, where: tuple[str, list[Any]] | None) -> Iterator[None]:
        before, self._only = self._only, where
        try:
            yield
        finally:
            self._only = before

    def _get_next_id(self) -> int:
        highest = 0
        if self.rows.exists(self.name):
            sql = f"SELECT max(doc_id) FROM {self.rows.quoted(self.name)}"
            highest = self.rows.con.execute(sql).fetchone()[0] or 0
        known: int | None = self._next_id
        free: int = max(known or 1, highest + 1)
        self._next_id: Any = free + 1
        return free

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        return {str(i): d for i, d in self._select()}

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        """Run TinyDB's updater over the rows that can matter and write the difference in one commit."""
        with self.rows.transaction():
            table = dict(self._select(self._only))
            before = {i: encode(d) for i, d in table.items()}
            updater(table)
            self.rows.ensure(self.name)
            gone = [(i,) for i in before if i not in table]
            if gone:
                self.rows.con.executemany(f"DELETE FROM {self.rows.quoted(self.name)} WHERE doc_id=?", gone)
            changed = [(i, d) for i, d in table.items() if before.get(i) != encode(d)]
            try:
                self.rows.put(self.name, changed, replacing=False)
            except (sqlite3.IntegrityError, OverflowError) as problem:
                keys = ", ".join(self.rows.layout(self.name).unique) or "number"
                said = f"A document of {self.name} has a {keys} that another has, or a number beyond 64 bits."
                raise ValueError(f"{said} Nothing was written ({problem}).") from problem


class RowDB(TinyDB):
    """TinyDB over rows."""

    table_class = RowTable
    default_storage_class: Any = RowStorage

    def tables(self) -> set[str]:
        """Names of all tables that hold documents."""
        return set(cast(RowStorage, self.storage).tables())

    def drop_table(self, name: str) -> None:
        """Remove one table."""
        self._tables.pop(name, None)
        cast(RowStorage, self.storage).drop(name)

    def drop_tables(self) -> None:
        """Remove every table."""
        with cast(RowStorage, self.storage).transaction():
            for name in self.tables():
                self.drop_table(name)
        self._tables.clear()
