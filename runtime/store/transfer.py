"""A whole store as the plain JSON file that stock TinyDB opens, and back."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from runtime.errors import InvalidInput, Refused, StoreUnavailable
from runtime.model.act import Hold
from runtime.model.branch import Branch
from runtime.model.codec import from_document, to_document
from runtime.model.run import Firing, Run
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.store.base import RunStore
from runtime.store.layout import TABLES

KINDS: dict[str, Any] = {"runs": Run, "branches": Branch, "joins": Firing, "holds": Hold}


def export_to(store: RunStore, target: Path | IO[str]) -> int:
    """Write every document as {table: {number: document}}; gives how many. A file appears whole or not at all."""
    if not isinstance(target, Path):
        return _write(store, target)
    try:
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as file:
            count = _write(store, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, target)
    except OSError as problem:
        raise StoreUnavailable(f"{target} cannot be written: {problem.strerror or problem}.") from problem
    return count


def _write(store: RunStore, file: IO[str]) -> int:
    count = 0
    table: str | None = None
    file.write("{")
    for name, number, document in store.export():
        if name != table:
            file.write(("}, " if table is not None else "") + json.dumps(name) + ": {")
            table = name
        else:
            file.write(", ")
        file.write(f'"{number}": {json.dumps(document)}')
        count += 1
    file.write("}}\n" if table is not None else "}\n")
    return count


def import_from(store: RunStore, path: Path, *, merge: bool, live: bool, now: datetime, actor: str) -> int:
    """Read an exported file into a store, all or nothing; open runs come held unless `live`.

    Raises InvalidInput (no export), Refused (the store has runs and `merge` is not given, or a run id is taken).
    """
    tables = _read(path)
    if store.counts() and not merge:
        raise Refused("This store has runs already; --merge adds the imported ones to them.")
    if not live:
        _hold_open(tables, now, actor)
    store.restore(tables)
    return sum(len(documents) for documents in tables.values())


def _read(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InvalidInput(f"{path} cannot be read: {problem.strerror or problem}.") from problem
    except ValueError as problem:
        raise InvalidInput(f"{path} is no export of a store: it is not JSON ({problem}).") from problem
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} is no export of a store: it has no tables.")
    for table, documents in found.items():
        if table not in TABLES or not isinstance(documents, dict):
            raise InvalidInput(f"{path} is no export of a store: {table} is no table of one.")
        for number, document in documents.items():
            try:
                if table in KINDS:
                    from_document(document, KINDS[table])
                elif not isinstance(document, dict):
                    raise TypeError("it is no object")
            except (msgspec.ValidationError, TypeError) as problem:
                raise InvalidInput(f"{path}: document {number} of {table} does not fit: {problem}.") from problem
    return found


def _hold_open(tables: dict[str, dict[str, dict[str, Any]]], now: datetime, actor: str) -> None:
    holds = tables.setdefault("holds", {})
    for document in tables.get("runs", {}).values():
        if document["status"] in ENDED_RUN:
            continue
        document.update(status=str(RunStatus.PAUSED), next_wake_at=None, wake_ts=None, held=True)
        hold = Hold(f"run={document['id']}", actor, now, "imported")
        holds[str(max((int(n) for n in holds), default=0) + 1)] = to_document(hold)
