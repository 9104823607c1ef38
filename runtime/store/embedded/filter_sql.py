"""Filters and orders as SQL over the columns of runs; what is no column is looked up in the document."""

from __future__ import annotations

from typing import Any

from runtime.model.stored import RunFilter

ORDERS = {
    "created_at": "created_ts",
    "updated_at": "updated_ts",
    "next_wake_at": "wake_ts",
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
        parts.append(f"status IN ({','.join('?' * len(where.statuses))})")
        values += sorted(str(s) for s in where.statuses)
    if where.workflow is not None:
        parts.append("workflow=?")
        values.append(where.workflow)
    for name, value in where.labels.items():
        # A document that is no JSON must not end the whole query; it has no labels.
        text = "CAST(doc AS TEXT)"
        parts.append(
            f"CASE WHEN json_valid({text}) THEN (SELECT value FROM json_each({text}, '$.labels') WHERE key=?)=? "
            "ELSE 0 END"
        )
        values += [name, value]
    if where.held is not None:
        parts.append("held=?")
        values.append(int(where.held))
    if where.attention_below is not None:
        parts.append("attention<?")
        values.append(where.attention_below)
    if where.older_than is not None:
        parts.append("updated_ts<?")
        values.append(where.older_than.timestamp())
    return parts, values
