"""Filters and orders over the columns of heads, put together from the pieces of `queries.sql`."""

from __future__ import annotations

from typing import Any

import orjson
from psycopg.sql import SQL, Composed

from runtime.errors import NotFound
from runtime.model.stored import Hints, RunFilter
from runtime.store.postgres.database import Connection
from runtime.store.postgres.queries import piece, sql
from runtime.store.postgres.text import column

AND = SQL(" AND ")
LABEL = "label:"


def conditions(where: RunFilter | None) -> tuple[list[Composed], list[Any]]:
    """Conditions that must all hold, and their values."""
    found: dict[str, Any] = {}
    parts: list[Composed] = []
    if where is None:
        return [], []
    if where.statuses:
        found["if_status"] = sorted(str(s) for s in where.statuses)
    if where.workflow is not None:
        found["if_workflow"] = column(where.workflow)
    if where.labels:
        found["if_labels"] = orjson.dumps({column(k): column(v) for k, v in where.labels.items()}).decode()
    if where.held is not None:
        parts.append(piece("if_held" if where.held else "if_not_held"))
    if where.attention_below is not None:
        found["if_attention_below"] = where.attention_below
    if where.older_than is not None:
        found["if_older_than"] = where.older_than
    more, values = _narrowing(where.hints)
    return [*parts, *(piece(name) for name in found), *more], [*found.values(), *values]


def kept_by_counts(where: RunFilter | None) -> bool:
    """Whether the counts that are kept with the saves tell how many runs a filter finds."""
    if where is None:
        return True
    return not (where.labels or where.held is not None or where.older_than or where.hints != Hints())


def _narrowing(hints: Hints) -> tuple[list[Composed], list[Any]]:
    """Conditions over the columns of heads alone: what stands in documents is left to whoever asks."""
    labels = [term for term in hints.terms if term.kind.startswith(LABEL)]
    named = [term.kind.removeprefix(LABEL) for term in labels]
    found: list[tuple[str, Any]] = [
        ("if_status", sorted(hints.statuses)),
        ("if_id", [column(i) for i in hints.ids]),
        ("if_created_after", hints.created_after),
        ("if_created_before", hints.created_before),
        ("if_wake_after", hints.wake_after),
        ("if_wake_before", hints.wake_before),
        ("if_label", [column(name) for name, term in zip(named, labels, strict=True) if not term.whole]),
    ]
    found += [
        ("if_labels", orjson.dumps({column(name): column(term.value)}).decode())
        for name, term in zip(named, labels, strict=True)
        if term.whole
    ]
    given = [(piece(name), value) for name, value in found if value]
    return [part for part, _ in given], [value for _, value in given]


def narrowed(name: str, parts: list[Composed], order: Composed | None = None) -> Composed:
    """The statement of this name over the runs that meet all conditions, in an order."""
    every = AND.join(parts) if parts else piece("if_any")
    return piece(name, conditions=every, **({} if order is None else {"order": order}))


def ordering(order: str, *, descending: bool) -> Composed:
    """One of the orders, ties by id; in `attention_latest` the last changed come first among equals."""
    return piece(f"order_{order}", way=piece("downwards" if descending else "upwards"))


def after_run(con: Connection, order: str, run_id: str, *, descending: bool) -> tuple[Composed, list[Any]]:
    """The condition for what comes after a run in an order; NotFound if the run is gone."""
    row = con.execute(sql(f"position_{order}"), (column(run_id),)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id} to go on after.")
    beyond = piece("below" if descending else "above")
    if order == "id":
        return piece("after_id", beyond=beyond), [run_id]
    if row[0] is None:
        return piece("after_none", beyond=beyond), [run_id]
    return piece(f"after_{order}", beyond=beyond), [row[0], run_id]
