"""Reading every document of every table: what does not fit is named by table, number and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from runtime.errors import StoreUnavailable
from runtime.model.damage import Damage
from runtime.model.status import RunStatus
from runtime.store.documents import Unfit
from runtime.store.fitting import fitted, parsed
from runtime.store.layout import TABLES
from runtime.store.ports.documents import Documents

PARTS = ("branches", "joins", "history", "polls")
"""Tables whose documents belong to a run."""
SAME = {
    "runs": ("id", "revision"),
    "branches": ("run_id", "id"),
    "joins": ("run_id", "step_id", "visit"),
    "history": ("run_id",),
    "polls": ("run_id", "branch"),
    "schedules": ("workflow",),
    "flows": ("hash",),
    "meta": ("key",),
}
"""Columns that must say what the document says."""


def examine(documents: Documents, tables: Sequence[str] = TABLES, *, missing: bool = True) -> Iterator[Damage]:
    """Everything in these tables that cannot be read or does not fit, in their order.

    With `missing` also records that are not there though others refer to them. A table that cannot be
    read to its end gives one damage without a number.
    """
    seen = _Seen()
    for table in tables:
        last = 0
        try:
            while rows := documents.raw(table, last):
                for number, columns, doc in rows:
                    yield from seen.look(table, number, columns, doc)
                last = rows[-1][0]
        except StoreUnavailable as problem:
            yield Damage(table, 0, f"cannot be read after document {last} ({problem.message})")
    if missing:
        yield from seen.missing(tables)


class _Seen:
    """What was read so far, as far as later tables refer to it."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[int, str]] = {}
        self._rooted: set[str] = set()
        self._flows: set[str] = set()
        self._bad_flows: set[str] = set()

    def look(self, table: str, number: int, columns: dict[str, Any], doc: Any) -> Iterator[Damage]:
        """What is wrong with one document."""
        run_id = columns.get("id") if table == "runs" else columns.get("run_id")
        if table == "runs":
            self._runs[str(run_id)] = (number, "")
        elif table == "branches" and columns.get("id") == "main":
            self._rooted.add(str(run_id))
        elif table == "flows":
            self._flows.add(str(columns.get("hash")))
        try:
            document = parsed(doc)
            record = fitted(table, document)
            _same_as_row(table, number, columns, document)
        except Unfit as problem:
            if table == "flows":
                self._bad_flows.add(str(columns.get("hash")))
            yield Damage(table, number, str(problem), run_id if table in ("runs", *PARTS) else None)
            return
        if table == "runs":
            self._runs[record.id] = (number, record.flow_hash)
            wakes = record.next_wake_at is not None
            if columns.get("status") != RunStatus.DAMAGED and wakes is not (columns.get("wake_ts") is not None):
                yield Damage(table, number, "and its row do not agree whether a next wake is set", record.id)
        elif table in PARTS and run_id not in self._runs:
            yield Damage(table, number, f"belongs to no run ({run_id})")

    def missing(self, tables: Sequence[str]) -> Iterator[Damage]:
        """What is not there though something refers to it."""
        for run_id, (number, flow) in self._runs.items():
            if "branches" in tables and run_id not in self._rooted:
                yield Damage("branches", 0, "has no branch main of it", run_id)
            if "flows" in tables and flow in self._bad_flows:
                yield Damage("flows", 0, "holds its flow, which cannot be read", run_id)
            elif "flows" in tables and flow and flow not in self._flows:
                yield Damage("runs", number, "names a flow that is not in the store", run_id)


def _in_a_row(value: Any) -> Any:
    """A value as the rows of any store can hold it: not all of them can hold NUL."""
    return value.replace("\x00", "\\0") if isinstance(value, str) else value


def _same_as_row(table: str, number: int, columns: dict[str, Any], document: dict[str, Any]) -> None:
    for name in SAME.get(table, ()):
        if name not in columns:
            continue
        said = document.get(name)
        if _in_a_row(said) != _in_a_row(columns[name]):
            raise Unfit(f"says that its {name} is {str(said)[:100]!r}, but its row says {str(columns[name])[:100]!r}")
    if table == "acts" and document.get("id") != number:
        raise Unfit(f"says that it is act {document.get('id')}")
