"""What a batch of saves writes: made into rows before the turn to write has come, written inside its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from runtime.model.codec import to_bytes, to_document
from runtime.model.stored import Save
from runtime.store.embedded.acts import put_act
from runtime.store.embedded.query_sql import Key, column
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.ports.ledger import HISTORY_PER_RUN, POLLS_PER_BRANCH
from runtime.store.run_document import RUN_COLUMNS, run_document

HEAD = (*RUN_COLUMNS, "doc")
NEW_HEAD = (*HEAD, "id")
TRIMMED_EVERY = 256
"""At every so-manyth revision of a run its history is trimmed."""
Row = tuple[Any, ...]


class SaveRows(msgspec.Struct, frozen=True):
    """A save as the rows that it writes."""

    save: Save
    head: Row
    branches: list[Row]
    joins: list[Row]
    history: list[Row]
    polls: list[Row]

    @classmethod
    def of(cls, save: Save) -> SaveRows:
        """Encode what a save writes, but for its acts, which are numbered when they are written."""
        run_id, document = save.run.id, run_document(save.run)
        return cls(
            save,
            (*(document[c] if c != "held" else int(document[c]) for c in RUN_COLUMNS), orjson.dumps(document)),
            [(b.run_id, b.id, to_bytes(b)) for b in save.branches],
            [(f.run_id, f.step_id, f.visit, to_bytes(f)) for f in save.firings],
            [(run_id, len(save.history), _history_doc(save))] if save.history else [],
            [(run_id, p.branch, p.number, orjson.dumps({"run_id": run_id, **to_document(p)})) for p in save.polls],
        )


class BatchWriter:
    """Writes the records of runs."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        self._runs = database.records("runs")
        self._branches = database.records("branches")
        self._joins = database.records("joins")
        self._history = database.records("history")
        self._polls = database.records("polls")

    def write(self, saves: Sequence[SaveRows]) -> list[str]:
        """Write the saves whose runs have the revision that they expect; returns the ids of the other runs."""
        kept, refused = [], []
        for rows in saves:
            if self._write_head(rows):
                kept.append(rows)
            else:
                refused.append(rows.save.run.id)
        self._write_records(kept)
        return refused

    def _write_head(self, rows: SaveRows) -> bool:
        run, expected = rows.save.run, rows.save.expected_revision
        if expected is None:
            return self._runs.add_new(NEW_HEAD, (*rows.head, run.id))
        return self._runs.change(HEAD, rows.head, where=("id", "revision"), equal=(run.id, expected))

    def _write_records(self, kept: Sequence[SaveRows]) -> None:
        self._branches.put(("run_id", "id", "doc"), [row for rows in kept for row in rows.branches])
        self._joins.put(("run_id", "step_id", "visit", "doc"), [row for rows in kept for row in rows.joins])
        self._history.add(("run_id", "entries_n", "doc"), [row for rows in kept for row in rows.history])
        polls = [row for rows in kept for row in rows.polls]
        self._polls.add(("run_id", "branch", "number", "doc"), polls)
        over = [(run, branch, n - POLLS_PER_BRANCH) for run, branch, n, _ in polls if n > POLLS_PER_BRANCH]
        self._polls.trim(("run_id", "branch"), "number", over)
        for rows in kept:
            for act in rows.save.acts:
                put_act(self._database, act)
            if rows.save.run.revision % TRIMMED_EVERY == 0:
                self._trim_history(rows.save.run.id)

    def _trim_history(self, run_id: str) -> None:
        kept = 0
        newest_first = (Key("doc_id", descending=True),)
        for number, count in self._history.select(
            ("doc_id", "entries_n"), column("run_id") == run_id, order=newest_first
        ):
            kept += count
            if kept > HISTORY_PER_RUN:
                self._history.trim(("run_id",), "doc_id", [(run_id, number)])
                return


def _history_doc(save: Save) -> bytes:
    return orjson.dumps({"run_id": save.run.id, "entries_n": len(save.history), "entries": to_document(save.history)})
