"""The tables of a store that are small: acts, holds, schedules, flows, meta; and what speaks of all tables."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from runtime.errors import Refused
from runtime.store.embedded.error_translation import Rows, guarded
from runtime.store.embedded.place import may_change
from runtime.store.embedded.row_table import RowDB
from runtime.store.facts import document_in, fact_in, flow_in, flows_in, schedules_in
from runtime.store.fitting import fits
from runtime.store.layout import LAYOUTS, TABLES

LOOK_SECONDS = 1.0


class SmallTables:
    """The part of the store that is not about runs."""

    def __init__(self, rows: Rows) -> None:
        """Work on these rows."""
        self.rows = rows
        self._stopped = threading.Event()

    def tinydb(self) -> RowDB:
        """The store as the TinyDB it is."""
        database = RowDB.__new__(RowDB)
        database._storage = self.rows
        database._opened = True
        database._tables = {}
        return database

    def one(self, sql: str, *values: Any) -> Any:
        """The first row."""
        with self.rows.lock:
            return self.rows.con.execute(sql, values).fetchone()

    def all(self, sql: str, *values: Any) -> list[Any]:
        """All rows."""
        with self.rows.lock:
            return self.rows.con.execute(sql, values).fetchall()

    def _put_keyed(self, table: str, column: str, key: str, document: Mapping[str, Any] | None) -> None:
        with self.rows.transaction():
            self.rows.con.execute(f"DELETE FROM t_{table} WHERE {column}=?", (key,))
            if document is not None:
                doc = orjson.dumps({column: key, **document})
                self.rows.con.execute(f"INSERT INTO t_{table}({column},doc) VALUES(?,?)", (key, doc))

    @guarded
    def put_flow(self, flow_hash: str, source: Mapping[str, Any], workflow: str) -> None:
        """Store FlowJSON by content hash."""
        row = self.one("SELECT doc FROM t_flows WHERE hash=?", flow_hash)
        if row is None or not fits("flows", row[0]):
            self._put_keyed("flows", "hash", flow_hash, {"workflow": workflow, "source": source})

    @guarded
    def flow(self, flow_hash: str) -> Mapping[str, Any] | None:
        """FlowJSON by content hash; Damaged if it cannot be read."""
        row = self.one("SELECT doc_id, doc FROM t_flows WHERE hash=?", flow_hash)
        return flow_in(row[0], row[1]) if row else None

    @guarded
    def flows(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every FlowJSON that can be read, each with the workflow it was stored for first."""
        return flows_in(doc for (doc,) in self.all("SELECT doc FROM t_flows ORDER BY doc_id"))

    @guarded
    def schedules(self) -> dict[str, dict[str, Any]]:
        """State of schedules by workflow; none that cannot be read."""
        return schedules_in(doc for (doc,) in self.all("SELECT doc FROM t_schedules ORDER BY doc_id"))

    @guarded
    def put_schedule(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        """Store or remove the state of a schedule."""
        self._put_keyed("schedules", "workflow", workflow, state)

    @guarded
    def meta(self, key: str) -> Any:
        """A fact about the store; one that cannot be read is as if it were not known, but for `moved_to`."""
        row = self.one("SELECT doc FROM t_meta WHERE key=?", key)
        return fact_in(key, row[0]) if row else None

    @guarded
    def put_meta(self, key: str, value: Any) -> None:
        """Store a fact about the store."""
        self._put_keyed("meta", "key", key, {"value": value})

    def _epoch(self) -> int:
        found = self.meta("epoch")
        return found if isinstance(found, int) else 0

    @guarded
    def new_epoch(self) -> int:
        """Begin a new epoch of driving."""
        with self.rows.transaction():
            epoch = self._epoch() + 1
            self._put_keyed("meta", "key", "epoch", {"value": epoch})
        return epoch

    @property
    def place(self) -> str:
        """Where it lies."""
        return self.rows.path

    def may_write(self) -> bool:
        """Whether the file may be written."""
        return self.rows.path == ":memory:" or may_change(Path(self.rows.path).parent)

    def now(self) -> datetime | None:
        """None: the clock of this machine counts."""
        return None

    @guarded
    def change_token(self) -> int:
        """Differs after any process changed the store."""
        self.rows.look_again()
        version: int = self.one("PRAGMA data_version")[0]
        return version * 1_000_000_007 + self.rows.own_changes

    def await_change(self, token: int, seconds: float) -> int:
        """Wait for another change token: looks at it once a second, which costs next to nothing."""
        end = time.monotonic() + seconds
        while (present := self.change_token()) == token:
            left = end - time.monotonic()
            if left <= 0 or self._stopped.wait(min(left, LOOK_SECONDS)):
                break
        return present

    def stop_waiting(self) -> None:
        """End every wait for a change."""
        self._stopped.set()

    def settled(self, transaction: str) -> bool:
        """A transaction of a file has ended when its call has."""
        return True

    @guarded
    def checkpoint(self) -> None:
        """Move the write-ahead log into the file; for the process that drives the store."""
        self.one("PRAGMA wal_checkpoint(TRUNCATE)")

    def export(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        """Every document as (table, number, document); Damaged at one that is no JSON object."""
        for table in TABLES:
            last = 0
            while rows := self.page(table, last):
                for number, document in rows:
                    yield table, number, document
                last = rows[-1][0]

    @guarded
    def page(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any]]]:
        """Documents of a table with numbers above `after`, in order."""
        rows = self.all(f"SELECT doc_id, doc FROM t_{table} WHERE doc_id>? ORDER BY doc_id LIMIT ?", after, limit)
        return [(number, document_in(table, number, doc)) for number, doc in rows]

    @guarded
    def raw(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any], Any]]:
        """Rows of a table with numbers above `after`: number, columns, and the document as it lies there."""
        names = [*LAYOUTS[table].columns] if table in LAYOUTS else []
        columns = "".join(f'"{name}", ' for name in names)
        rows = self.all(
            f"SELECT doc_id, {columns}doc FROM t_{table} WHERE doc_id>? ORDER BY doc_id LIMIT ?", after, limit
        )
        return [(row[0], dict(zip(names, row[1:-1], strict=True)), row[-1]) for row in rows]

    def integrity(self) -> list[str]:
        """What SQLite's own check of the file finds; empty when it is sound."""
        try:
            return [str(text) for (text,) in self.all("PRAGMA integrity_check(20)") if text != "ok"]
        except sqlite3.Error as problem:
            return [str(problem)]

    @guarded
    def tally(self, table: str) -> int:
        """How many documents a table has."""
        return int(self.one(f"SELECT count(*) FROM t_{table}")[0])

    @guarded
    def put_documents(self, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Write documents with their numbers, in place of those that are there already."""
        with self.rows.transaction():
            self.rows.put(table, list(rows))

    @guarded
    def drop_documents(self, table: str, numbers: Sequence[int]) -> None:
        """Remove documents by number; what belongs to a run is in other tables and stays."""
        with self.rows.transaction():
            self.rows.con.executemany(f"DELETE FROM t_{table} WHERE doc_id=?", [(n,) for n in numbers])

    @guarded
    def restore(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Add exported documents in one transaction; Refused if a run id is there already."""
        with self.rows.transaction():
            for document in tables.get("runs", {}).values():
                if self.one("SELECT 1 FROM t_runs WHERE id=?", document.get("id")):
                    raise Refused(f"The run {document.get('id')} is in this store already; nothing was imported.")
            for table in TABLES:
                highest = self.one(f"SELECT max(doc_id) FROM t_{table}")[0] or 0
                documents = [dict(d) for d in tables.get(table, {}).values()]
                if table in ("meta", "schedules", "flows"):
                    column = {"meta": "key", "schedules": "workflow", "flows": "hash"}[table]
                    known = {k for (k,) in self.all(f"SELECT {column} FROM t_{table}")}
                    documents = [d for d in documents if d.get(column) not in known and d.get("key") != "scheduler"]
                if table == "acts":
                    documents = [{**d, "id": highest + n} for n, d in enumerate(documents, 1)]
                self.rows.put(table, [(highest + n, d) for n, d in enumerate(documents, 1)])

    def sizes(self) -> tuple[int, int]:
        """Bytes of the file, and of the write-ahead log beside it."""
        data, log = (Path(self.rows.path + end) for end in ("", "-wal"))
        return tuple(f.stat().st_size if f.exists() else 0 for f in (data, log))  # type: ignore[return-value]

    def close(self) -> None:
        """Close the file."""
        self._stopped.set()
        self.rows.close()
