"""Filters and orders as SQL over the columns of heads."""

from __future__ import annotations

from typing import Any

import orjson

from runtime.errors import NotFound
from runtime.store.base import RunFilter
from runtime.store.postgres.database import Connection
from runtime.store.postgres.queries import sql
from runtime.store.postgres.small_tables import column

ORDERS = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "next_wake_at": "wake_at",
    "attention": "attention",
    "id": "id",
}


def conditions(where: RunFilter | None) -> tuple[list[str], list[Any]]:
    """Conditions that must all hold, and their values."""
    parts: list[str] = []
    values: list[Any] = []
    if where is None:
        return parts, values
    if where.statuses:
        parts.append("h.status = ANY(%s)")
        values.append(sorted(str(s) for s in where.statuses))
    if where.workflow is not None:
        parts.append("h.workflow = %s")
        values.append(column(where.workflow))
    if where.labels:
        parts.append("h.labels @> %s::jsonb")
        values.append(orjson.dumps({column(k): column(v) for k, v in where.labels.items()}).decode())
    if where.held is not None:
        parts.append("h.held = %s")
        values.append(where.held)
    if where.attention_below is not None:
        parts.append("h.attention < %s")
        values.append(where.attention_below)
    if where.older_than is not None:
        parts.append("h.updated_at < %s")
        values.append(where.older_than)
    return parts, values


def clause(parts: list[str]) -> str:
    """The conditions as a WHERE clause."""
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def ordering(order: str, *, descending: bool, then: str = "") -> str:
    """ORDER BY for one of the orders, ties by id."""
    way = "DESC" if descending else "ASC"
    nulls = " NULLS LAST" if order == "next_wake_at" else ""
    tied = "" if order == "id" else f", h.id {way}"
    return f" ORDER BY h.{ORDERS[order]} {way}{nulls}{then}{tied}"


def after_run(con: Connection, order: str, run_id: str, *, descending: bool) -> tuple[str, list[Any]]:
    """The condition for what comes after a run in an order; NotFound if the run is gone."""
    name = ORDERS[order]
    row = con.execute(sql(f"position_{name}"), (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id} to go on after.")
    sign = "<" if descending else ">"
    if order == "id":
        return f"h.id {sign} %s", [run_id]
    if row[0] is None:
        return f"(h.{name} IS NULL AND h.id {sign} %s)", [run_id]
    more = f" OR h.{name} IS NULL" if order == "next_wake_at" else ""
    return f"((h.{name}, h.id) {sign} (%s, %s){more})", [row[0], run_id]
