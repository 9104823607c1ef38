"""A TinyDB storage whose documents are rows of an SQLite file: atomic commits, several processes, indexes."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
from tinydb.storages import Storage

from runtime.errors import StoreUnavailable
from runtime.store.embedded.kept_rows import KeptRows
from runtime.store.embedded.read_only_file import BUSY_SECONDS, ReadOnlyFile
from runtime.store.embedded.writer_line import WriterLine
from runtime.store.layout import APPLICATION_ID, FORMAT, NOTHING, Layout


def encode(document: Mapping[str, Any]) -> bytes:
    """A document as JSON; keys that are not text become text, as in a JSON file."""
    return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)


def stored_name(table: str) -> str:
    """The name a table has in SQLite, which does not tell upper from lower case: `Ab` is `t_^ab`."""
    return "t_" + re.sub(r"[A-Z^]", lambda found: "^" + found[0].lower(), table)


def table_name(stored: str) -> str:
    """The table that has this name in SQLite."""
    return re.sub(r"\^(.)", lambda found: "^" if found[1] == "^" else found[1].upper(), stored[2:], flags=re.DOTALL)


class RowStorage(Storage):
    """Documents as rows; `read` and `write` keep TinyDB's meaning of a storage, tables take the short way."""

    def __init__(
        self, path: str | Path, *, read_only: bool = False, layouts: Mapping[str, Layout] | None = None
    ) -> None:
        """Open or make the file; sqlite3.Error if it cannot be used.

        `layouts` names the keys of documents that are columns, by table; a table without one has none, and so no
        keys that only one of its documents may have.
        """
        self._layouts = layouts or {}
        self.lock = threading.RLock()
        self.depth = 0
        self._writer: int | None = None
        """The thread that is in a transaction."""
        self.own_changes = 0
        self._known: set[str] = set()
        self.kept = KeptRows(lambda: self.con, self.layout, stored_name, self.transaction)
        self.read_only = read_only
        name = self.path = os.fspath(path)
        self._file = ReadOnlyFile(name) if read_only and name != ":memory:" else None
        self._line = None if read_only or name == ":memory:" else WriterLine(name)
        if self._file is not None:
            self.con = self._file.connect()
        else:
            self.con = sqlite3.connect(
                name, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False, cached_statements=256
            )
        try:
            self._prepare(read_only=read_only)
        except BaseException:
            self.con.close()
            raise

    def _prepare(self, *, read_only: bool) -> None:
        self.con.execute("PRAGMA cache_size=-8192")
        if read_only:
            self.con.execute("PRAGMA query_only=1")
            return
        self.con.execute("PRAGMA journal_mode=WAL")
        self.con.execute("PRAGMA synchronous=FULL")
        # A row that takes the place of another is counted instead of it, not beside it.
        self.con.execute("PRAGMA recursive_triggers=1")
        if self.con.execute("PRAGMA application_id").fetchone()[0] == 0:
            with self.transaction():
                self.con.execute(f"PRAGMA application_id={APPLICATION_ID}")
                self.set_format_version(FORMAT)

    def look_again(self) -> None:
        """See what others wrote to a file that could not be shared with them; for any other there is nothing to do."""
        if self._file is not None and self._file.changed():
            self.con = self._file.connect()
            self._prepare(read_only=True)
            self.own_changes += 1

    @staticmethod
    def quoted(table: str) -> str:
        """The SQL name of a table of documents."""
        return '"' + stored_name(table).replace('"', '""') + '"'

    def layout(self, table: str) -> Layout:
        """Columns of a table."""
        return self._layouts.get(table, NOTHING)

    def format_version(self) -> int:
        """The format number in the file; 0 where there is none."""
        version: int = self.con.execute("PRAGMA user_version").fetchone()[0]
        return version

    def set_format_version(self, version: int) -> None:
        """Write the format number, inside a transaction."""
        self.con.execute(f"PRAGMA user_version={version}")

    def change_version(self) -> int:
        """A number that differs after another connection changed the file."""
        with self.lock:
            version: int = self.con.execute("PRAGMA data_version").fetchone()[0]
        return version

    def integrity(self) -> list[str]:
        """What SQLite's own check of the file finds; empty when it is sound."""
        try:
            with self.lock:
                found = self.con.execute("PRAGMA integrity_check(20)").fetchall()
        except sqlite3.Error as problem:
            return [str(problem)]
        return [str(text) for (text,) in found if text != "ok"]

    def exists(self, table: str) -> bool:
        """Whether a table of documents is in the file."""
        if table in self._known:
            return True
        row = self.con.execute(
            "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (stored_name(table),)
        ).fetchone()
        if row is not None and self.depth == 0:
            self._known.add(table)
        return row is not None

    def ensure(self, table: str) -> None:
        """Make a table if it is not there."""
        if self.exists(table):
            return
        layout = self.layout(table)
        columns = "".join(f'"{name}" {kind}, ' for name, kind in layout.columns.items())
        name = self.quoted(table)
        with self.transaction():
            self.con.execute(
                f"CREATE TABLE IF NOT EXISTS {name} (doc_id INTEGER PRIMARY KEY, {columns}doc BLOB NOT NULL)"
            )
            if layout.unique:
                keys = ", ".join(f'"{c}"' for c in layout.unique)
                self.con.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "u_{table}" ON {name} ({keys})')
            for index in layout.indexes:
                keys = ", ".join(f'"{c}"' for c in index)
                self.con.execute(f'CREATE INDEX IF NOT EXISTS "i_{table}_{"_".join(index)}" ON {name} ({keys})')
            self.kept.ensure(table)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One durable commit for everything written inside; nests.

        Waits for the turn of its thread among all writers of the file. Raises StoreUnavailable where a process that
        has stopped keeps the file locked.
        """
        if self._writer == threading.get_ident():
            self.depth += 1
            try:
                yield
            finally:
                self.depth -= 1
            return
        # Others of this process go on reading while we wait.
        with nullcontext() if self._line is None else self._line.turn() as stopped, self.lock:
            self._begin(stopped)
            try:
                self._writer, self.depth = threading.get_ident(), 1
                yield
                self.con.execute("COMMIT")
                self.own_changes += 1
            except BaseException:
                if self.con.in_transaction:
                    self._known.clear()
                    self.kept.look_again()
                    self.con.execute("ROLLBACK")
                raise
            finally:
                self._writer, self.depth = None, 0

    def _begin(self, stopped: int | None) -> None:
        try:
            self.con.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as problem:
            if stopped is None or "locked" not in str(problem):
                raise
            raise StoreUnavailable(
                f"The store {self.path} is busy: process {stopped} holds it and does not go on. Nothing was saved. "
                "If it was stopped, by Ctrl-Z or a debugger, let it go on or end it."
            ) from problem

    def row(self, table: str, doc_id: int, document: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of a row: id, columns, document."""
        columns = self.layout(table).columns
        return (doc_id, *(_plain(document.get(c)) for c in columns), encode(document))

    def put(self, table: str, rows: list[tuple[int, Mapping[str, Any]]], *, replacing: bool = True) -> None:
        """Insert or replace documents by id.

        With `replacing`, one takes the place of any other that has its unique keys; else that is an IntegrityError.
        """
        names = ["doc_id", *self.layout(table).columns, "doc"]
        marks = ",".join("?" * len(names))
        # Rows whose keys change places stand in each other's way only while they are written one by one.
        if not replacing:
            self.con.executemany(f"DELETE FROM {self.quoted(table)} WHERE doc_id=?", [(i,) for i, _ in rows])
        self.con.executemany(
            f"INSERT {'OR REPLACE ' if replacing else ''}INTO {self.quoted(table)} VALUES ({marks})",
            [self.row(table, i, d) for i, d in rows],
        )

    def tables(self) -> list[str]:
        """Names of all tables of documents."""
        found = self.con.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name LIKE 't\\_%' ESCAPE '\\' ORDER BY rowid"
        )
        return [table_name(name) for (name,) in found]

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Everything, as TinyDB's storages give it; None for an empty file."""
        with self.lock:
            found = {
                table: {
                    str(doc_id): orjson.loads(doc)
                    for doc_id, doc in self.con.execute(f"SELECT doc_id, doc FROM {self.quoted(table)} ORDER BY doc_id")
                }
                for table in self.tables()
            }
        return found or None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Replace everything."""
        with self.transaction():
            for table in self.tables():
                self.drop(table)
            self._known.clear()
            for table, documents in data.items():
                self.ensure(table)
                self.put(table, [(int(i), d) for i, d in documents.items()])

    def drop(self, table: str) -> None:
        """Remove one table."""
        with self.transaction():
            self.con.execute(f"DROP TABLE IF EXISTS {self.quoted(table)}")
            self.kept.drop(table)
            self._known.discard(table)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.con.close()
        if self._line is not None:
            self._line.close()


def _plain(value: Any) -> Any:
    """A value SQLite can hold in a column; others are left to the document."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else None
    return value if isinstance(value, str | float) else None
