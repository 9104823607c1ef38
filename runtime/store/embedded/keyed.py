"""What has one key of its own: flows, schedules, facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import column
from runtime.store.embedded.record_table import RecordTable
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.facts import epoch_in, fact_in, flow_in, flows_in, schedules_in
from runtime.store.fitting import fits


def _put(table: RecordTable, field: str, key: str, document: Mapping[str, Any]) -> None:
    table.put((field, "doc"), [(key, orjson.dumps({field: key, **document}))])


def _doc(table: RecordTable, field: str, key: str) -> tuple[int, bytes] | None:
    """Number and document of a key."""
    return next(iter(table.select_any(("doc_id", "doc"), field, [key])), None)


def epoch_of(database: StoreDatabase) -> int:
    """The present epoch of driving; 0 before the first."""
    row = _doc(database.records("meta"), "key", "epoch")
    return epoch_in(row[1]) if row else 0


class EmbeddedFlows:
    """Flows of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._flows = database.records("flows")

    @guarded
    def put(self, flow_hash: str, source: Mapping[str, Any], workflow: str) -> None:
        row = _doc(self._flows, "hash", flow_hash)
        if row is None or not fits("flows", row[1]):
            with self.database.transaction():
                _put(self._flows, "hash", flow_hash, {"workflow": workflow, "source": source})

    @guarded
    def get(self, flow_hash: str) -> Mapping[str, Any] | None:
        row = _doc(self._flows, "hash", flow_hash)
        return flow_in(*row) if row else None

    @guarded
    def all(self) -> list[tuple[str, Mapping[str, Any]]]:
        return flows_in(doc for (doc,) in self._flows.select(("doc",)))


class EmbeddedSchedules:
    """State of the schedules of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._schedules = database.records("schedules")

    @guarded
    def all(self) -> dict[str, dict[str, Any]]:
        return schedules_in(doc for (doc,) in self._schedules.select(("doc",)))

    @guarded
    def put(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        with self.database.transaction():
            if state is None:
                self._schedules.discard(column("workflow") == workflow)
            else:
                _put(self._schedules, "workflow", workflow, state)


class EmbeddedFacts:
    """Facts of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._facts = database.records("meta")

    @guarded
    def get(self, key: str) -> Any:
        row = _doc(self._facts, "key", key)
        return fact_in(key, row[1]) if row else None

    @guarded
    def put(self, key: str, value: object) -> None:
        with self.database.transaction():
            _put(self._facts, "key", key, {"value": value})

    @guarded
    def new_epoch(self) -> int:
        with self.database.transaction():
            epoch = epoch_of(self.database) + 1
            _put(self._facts, "key", "epoch", {"value": epoch})
        return epoch
