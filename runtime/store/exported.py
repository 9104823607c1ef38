"""Reading an exported file: every document is checked against its record before anything is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runtime.errors import InvalidInput
from runtime.plain_json import exact_json
from runtime.safe_text import clean
from runtime.store.documents import Unfit
from runtime.store.examining import PARTS
from runtime.store.fitting import DEEPEST, fitted
from runtime.store.layout import TABLES

Tables = dict[str, dict[str, dict[str, Any]]]
KEYS = {
    "runs": ("id",),
    "branches": ("run_id", "id"),
    "joins": ("run_id", "step_id", "visit"),
    "schedules": ("workflow",),
    "flows": ("hash",),
    "meta": ("key",),
}
"""What no two documents of a table share."""


def read_export(path: Path) -> Tables:
    """The tables of an exported file; InvalidInput names the table and number of what does not fit."""
    name = clean(str(path))
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as problem:
        raise InvalidInput(f"{name} cannot be read: {problem.strerror or problem}.") from problem
    except RecursionError as problem:
        raise InvalidInput(f"{name} is no export of a store: it is nested too deeply.") from problem
    except ValueError as problem:
        raise InvalidInput(f"{name} is no export of a store: it is not JSON ({problem}).") from problem
    if not isinstance(found, dict):
        raise InvalidInput(f"{name} is no export of a store: it has no tables.")
    for table, documents in found.items():
        if table not in TABLES or not isinstance(documents, dict):
            raise InvalidInput(f"{name} is no export of a store: {clean(table)} is no table of one.")
        for number, document in documents.items():
            try:
                documents[number] = _checked(table, number, document)
            except Unfit as problem:
                where = f"{name}: document {clean(number)} of {table}"
                raise InvalidInput(f"{where} {problem}. Nothing was written.") from None
    _check_together(name, found)
    return {table: dict(documents) for table, documents in found.items()}


def _checked(table: str, number: str, document: Any) -> dict[str, Any]:
    """The document as it is written, with the moments that are columns."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Unfit("has no number")
    if not isinstance(document, dict):
        raise Unfit("is no object")
    record = fitted(table, document)
    found: dict[str, Any] = exact_json(document, DEEPEST)
    if table == "runs":
        found["wake_ts"] = record.next_wake_at.timestamp() if record.next_wake_at else None
        found["created_ts"], found["updated_ts"] = record.created_at.timestamp(), record.updated_at.timestamp()
    if table == "acts":
        found["due_ts"] = record.due_at.timestamp()
    if table == "history":
        found["entries_n"] = len(record.entries)
    return found


def _check_together(name: str, tables: Tables) -> None:
    """Refuse two documents that are one record, and records of runs that are not in the file."""
    runs = {document["id"] for document in tables.get("runs", {}).values()}
    for table, documents in tables.items():
        known: dict[tuple[Any, ...], str] = {}
        for number, document in documents.items():
            where = f"{name}: document {number} of {table}"
            if table in KEYS:
                key = tuple(document[column] for column in KEYS[table])
                if key in known:
                    raise InvalidInput(f"{where} is the same record as document {known[key]}. Nothing was written.")
                known[key] = number
            if table in PARTS and document["run_id"] not in runs:
                run_id = clean(document["run_id"])
                raise InvalidInput(f"{where} belongs to the run {run_id}, which is not in it. Nothing was written.")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
