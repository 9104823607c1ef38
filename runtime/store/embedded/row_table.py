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

from runtime.store.embedded.query_sql import Sql, narrow, numbered, tree_of
from runtime.store.embedded.row_storage import RowStorage, encode

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")


def named_numbers(ids: Iterable[Any]) -> list[int]:
    """The numbers of documents that TinyDB finds under these keys of its file: those that are written so."""
    return [int(text) for text in map(str, ids) if _NUMBER.fullmatch(text)]


def equal_numbers(ids: Iterable[Any]) -> list[int]:
    """The numbers of documents that are equal to these ids, as the keys of a dict are: 1.0 and True are 1."""
    found: list[int] = []
    for one in ids:
        if isinstance(one, str | bytes):
            continue
        try:
            number = int(one.real if isinstance(one, complex) else one)
        except (TypeError, ValueError, OverflowError):
            continue
        if number == one:
            found.append(number)
    return found


class RowTable(Table):
    """One table of documents; every call means what it means in stock TinyDB, in one durable commit."""

    default_query_cache_capacity = 0

    def __init__(self, storage: Any, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        """Make the table over a RowStorage."""
        self.rows: RowStorage = storage
        self._only: Sql | None = None
        super().__init__(storage, name, cache_size=0, persist_empty=False)
        if persist_empty:
            storage.ensure(name)

    def _select(self, where: Sql | None = None) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if not self.rows.exists(self.name):
            return
        sql = f"SELECT doc_id, doc FROM {self.rows.quoted(self.name)}"
        if where is not None:
            sql += f" WHERE {where[0]}"
        with self.rows.lock:
            found = self.rows.con.execute(sql + " ORDER BY doc_id", where[1] if where else []).fetchall()
        for doc_id, document in found:
            yield doc_id, orjson.loads(document)

    def _narrowed(self, condition: QueryLike | None) -> Sql | None:
        return narrow(tree_of(condition), self.rows.layout(self.name))

    def search(self, cond: QueryLike) -> list[Document]:
        """All documents the query matches."""
        return [self.document_class(d, i) for i, d in self._select(self._narrowed(cond)) if cond(d)]

    def get(self, cond: QueryLike | None = None, doc_id: int | None = None, doc_ids: Any = None) -> Any:
        """One document by query or id, or documents by ids, as in TinyDB."""
        if doc_id is not None:
            found = self._select(numbered(named_numbers([doc_id])))
            return next((self.document_class(d, doc_id) for _, d in found), None)
        if doc_ids is not None:
            return [self.document_class(d, i) for i, d in self._select(numbered(named_numbers(doc_ids)))]
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
        with self.rows.transaction(), self._touching(numbered(equal_numbers([given]))):
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """Insert documents in one commit."""
        known = list(documents)
        ids = [d.doc_id for d in known if isinstance(d, Document)]
        with self.rows.transaction(), self._touching(numbered(equal_numbers(ids))):
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

    def _candidates(self, cond: QueryLike | None, ids: list[int] | None) -> Sql | None:
        if ids is not None:
            return numbered(equal_numbers(ids))
        return self._narrowed(cond)

    @contextmanager
    def _touching(self, where: Sql | None) -> Iterator[None]:
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
