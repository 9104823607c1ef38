"""What has one key of its own, in PostgreSQL: flows, schedules, facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.store.facts import epoch_in, fact_in, flow_in, flows_in, schedules_in
from runtime.store.fitting import fits
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql
from runtime.store.postgres.text import column, text


class PostgresFlows:
    """Flows of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, flow_hash: str, source: Mapping[str, Any], workflow: str) -> None:
        row = self._database.one("flow", flow_hash)
        if row is not None and fits("flows", row[1]):
            return
        document = text({"hash": flow_hash, "workflow": workflow, "source": source})
        self._database.writing(lambda con: con.execute(sql("put_flow"), (flow_hash, document)))

    def get(self, flow_hash: str) -> Mapping[str, Any] | None:
        row = self._database.one("flow", flow_hash)
        return flow_in(*row) if row else None

    def all(self) -> list[tuple[str, Mapping[str, Any]]]:
        return flows_in(doc for (doc,) in self._database.all("all_flows"))


class PostgresSchedules:
    """State of the schedules of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, dict[str, Any]]:
        return schedules_in(doc for (doc,) in self._database.all("schedules"))

    def put(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        if state is None:
            self._database.writing(lambda con: con.execute(sql("drop_schedule"), (column(workflow),)))
            return
        values = (column(workflow), text({"workflow": workflow, **state}))
        self._database.writing(lambda con: con.execute(sql("put_schedule"), values))


class PostgresFacts:
    """Facts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Any:
        row = self._database.one("meta", key)
        return fact_in(key, row[0]) if row else None

    def put(self, key: str, value: object) -> None:
        self._database.writing(lambda con: con.execute(sql("put_meta"), (key, text({"key": key, "value": value}))))

    def new_epoch(self) -> int:
        def begin(con: Connection) -> int:
            con.execute(sql("new_meta"), ("epoch", text({"key": "epoch", "value": 0})))
            row = con.execute(sql("meta_locked"), ("epoch",)).fetchone()
            assert row is not None
            epoch = epoch_in(row[0]) + 1
            con.execute(sql("put_meta"), ("epoch", text({"key": "epoch", "value": epoch})))
            return epoch

        return self._database.writing(begin)
