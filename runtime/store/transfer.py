"""A whole store as the plain JSON file that stock TinyDB opens, and back."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from runtime.errors import Damaged, Refused, StoreUnavailable
from runtime.model.act import Hold
from runtime.model.codec import to_document
from runtime.model.damage import Damage
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.store.examining import examine
from runtime.store.exported import read_export
from runtime.store.fitting import parsed
from runtime.store.layout import TABLES
from runtime.store.ports.documents import Documents
from runtime.store.ports.store import Store

WHOLE = ("runs", "branches", "joins")
"""Tables of which one damaged document costs its whole run; of others only the document is left out."""
OF_ONE_STORE = ("moved_to", "copied", "epoch")
"""Facts that are true of the store they were written in."""


def export_to(
    documents: Documents, target: Path | IO[str], *, left_out: list[Damage] | None = None, force: bool = False
) -> int:
    """Write every document as {table: {number: document}}; gives how many. A file appears whole or not at all, 0600.

    Damaged if a document cannot be read; with a list `left_out` the others are written, and it is told in the list.
    Refused if something with the name of the file is there and `force` is not given.
    """
    there = f"{target} is there already and was left as it is; --force replaces it."
    if isinstance(target, Path) and not force and os.path.lexists(target):
        raise Refused(there)
    damages = list(examine(documents, missing=False))
    if left_out is None:
        for one in damages:
            raise Damaged(one.sentence, table=one.table, number=one.number)
    else:
        left_out += damages
    if not isinstance(target, Path):
        return _write(documents, target, damages)
    made = ""
    try:
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as file:
            made = file.name
            count = _write(documents, file, damages)
            file.flush()
            os.fsync(file.fileno())
        if force:
            os.replace(made, target)
        else:
            os.link(made, target)  # Whoever made such a file meanwhile keeps it.
    except FileExistsError as problem:
        raise Refused(there) from problem
    except OSError as problem:
        raise StoreUnavailable(f"{target} cannot be written: {problem.strerror or problem}.") from problem
    finally:
        with suppress(OSError):
            os.unlink(made)
    return count


def _sound(documents: Documents, damages: Sequence[Damage]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Every document but those that are damaged, and those of runs that are."""
    bad = {(one.table, one.number) for one in damages}
    gone = {one.run_id for one in damages if one.table in WHOLE}
    for table in TABLES if damages else ():
        last = 0
        while rows := documents.raw(table, last):
            for number, columns, doc in rows:
                run_id = columns.get("id") if table == "runs" else columns.get("run_id")
                if (table, number) not in bad and (run_id is None or run_id not in gone):
                    yield table, number, parsed(doc)
            last = rows[-1][0]
    if not damages:
        yield from documents.export()


def _write(documents: Documents, file: IO[str], damages: Sequence[Damage]) -> int:
    count = 0
    table: str | None = None
    file.write("{")
    for name, number, document in _sound(documents, damages):
        if name != table:
            file.write(("}, " if table is not None else "") + json.dumps(name) + ": {")
            table = name
        else:
            file.write(", ")
        file.write(f'"{number}": {json.dumps(document)}')
        count += 1
    file.write("}}\n" if table is not None else "}\n")
    return count


def import_from(store: Store, path: Path, *, merge: bool, live: bool, now: datetime, actor: str) -> int:
    """Read an exported file into a store, all or nothing; open runs come held unless `live`.

    Schedules come disabled. With `merge` nothing comes that would stop or redirect the runs that are there: no hold
    of `all`, and no fact about where a store was moved to. Raises InvalidInput (no export, or a document that does
    not fit), Refused (the store has runs and `merge` is not given, or a run id is taken).
    """
    tables = read_export(path)
    if store.listing.counts() and not merge:
        raise Refused("This store has runs already; --merge adds the imported ones to them.")
    for state in tables.get("schedules", {}).values():
        state["enabled"] = False
    if merge:
        tables["holds"] = {n: hold for n, hold in tables.get("holds", {}).items() if hold["scope"] != "all"}
        tables["meta"] = {n: fact for n, fact in tables.get("meta", {}).items() if fact["key"] not in OF_ONE_STORE}
    if not live:
        _hold_open(tables, now, actor)
    store.documents.restore(tables)
    return sum(len(documents) for documents in tables.values())


def _hold_open(tables: dict[str, dict[str, dict[str, Any]]], now: datetime, actor: str) -> None:
    holds = tables.setdefault("holds", {})
    for document in tables.get("runs", {}).values():
        if document["status"] in ENDED_RUN:
            continue
        document.update(status=str(RunStatus.PAUSED), next_wake_at=None, wake_ts=None, held=True)
        hold = Hold(f"run={document['id']}", actor, now, "imported")
        holds[str(max((int(n) for n in holds), default=0) + 1)] = to_document(hold)
