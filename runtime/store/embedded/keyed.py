"""Tables whose documents have one key of their own: flows, schedules, facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.facts import epoch_in, fact_in, flow_in, flows_in, schedules_in
from runtime.store.fitting import fits


def _put(rows: Rows, table: str, column: str, key: str, document: Mapping[str, Any] | None) -> None:
    with rows.transaction():
        rows.con.execute(f"DELETE FROM t_{table} WHERE {column}=?", (key,))
        if document is not None:
            doc = orjson.dumps({column: key, **document})
            rows.con.execute(f"INSERT INTO t_{table}({column},doc) VALUES(?,?)", (key, doc))


def epoch_of(rows: Rows) -> int:
    """The present epoch of driving; 0 before the first."""
    row = rows.one("SELECT doc FROM t_meta WHERE key='epoch'")
    return epoch_in(row[0]) if row else 0


class EmbeddedFlows:
    """Flows of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def put(self, flow_hash: str, source: Mapping[str, Any], workflow: str) -> None:
        row = self.rows.one("SELECT doc FROM t_flows WHERE hash=?", flow_hash)
        if row is None or not fits("flows", row[0]):
            _put(self.rows, "flows", "hash", flow_hash, {"workflow": workflow, "source": source})

    @guarded
    def get(self, flow_hash: str) -> Mapping[str, Any] | None:
        row = self.rows.one("SELECT doc_id, doc FROM t_flows WHERE hash=?", flow_hash)
        return flow_in(row[0], row[1]) if row else None

    @guarded
    def all(self) -> list[tuple[str, Mapping[str, Any]]]:
        return flows_in(doc for (doc,) in self.rows.all("SELECT doc FROM t_flows ORDER BY doc_id"))


class EmbeddedSchedules:
    """State of the schedules of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def all(self) -> dict[str, dict[str, Any]]:
        return schedules_in(doc for (doc,) in self.rows.all("SELECT doc FROM t_schedules ORDER BY doc_id"))

    @guarded
    def put(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        _put(self.rows, "schedules", "workflow", workflow, state)


class EmbeddedFacts:
    """Facts of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def get(self, key: str) -> Any:
        row = self.rows.one("SELECT doc FROM t_meta WHERE key=?", key)
        return fact_in(key, row[0]) if row else None

    @guarded
    def put(self, key: str, value: object) -> None:
        _put(self.rows, "meta", "key", key, {"value": value})

    @guarded
    def new_epoch(self) -> int:
        with self.rows.transaction():
            epoch = epoch_of(self.rows) + 1
            _put(self.rows, "meta", "key", "epoch", {"value": epoch})
        return epoch
