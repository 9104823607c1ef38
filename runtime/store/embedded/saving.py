"""What one batch of saves writes, inside the transaction of the batch."""

from __future__ import annotations

from collections.abc import Sequence

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


class BatchWriter:
    """Writes the records of runs."""

    def __init__(self, database: StoreDatabase) -> None:
        self._database = database
        self._runs = database.records("runs")
        self._branches = database.records("branches")
        self._joins = database.records("joins")
        self._history = database.records("history")
        self._polls = database.records("polls")

    def write_heads(self, saves: Sequence[Save]) -> list[Save]:
        """Write the heads of runs whose revision is as expected; returns the saves that were kept."""
        return [save for save in saves if self._write_head(save)]

    def _write_head(self, save: Save) -> bool:
        document = run_document(save.run)
        values = (*(document[c] if c != "held" else int(document[c]) for c in RUN_COLUMNS), orjson.dumps(document))
        if save.expected_revision is None:
            return self._runs.add_new(NEW_HEAD, (*values, save.run.id))
        known = (save.run.id, save.expected_revision)
        return self._runs.change(HEAD, values, where=("id", "revision"), equal=known)

    def write_records(self, saves: Sequence[Save]) -> None:
        """Write branches, firings, history, polls and acts of runs whose heads were written."""
        self._branches.put(("run_id", "id", "doc"), [(b.run_id, b.id, to_bytes(b)) for s in saves for b in s.branches])
        self._joins.put(
            ("run_id", "step_id", "visit", "doc"),
            [(f.run_id, f.step_id, f.visit, to_bytes(f)) for s in saves for f in s.firings],
        )
        self._history.add(
            ("run_id", "entries_n", "doc"),
            [(s.run.id, len(s.history), _history_doc(s)) for s in saves if s.history],
        )
        polls = [(s.run.id, p) for s in saves for p in s.polls]
        self._polls.add(
            ("run_id", "branch", "number", "doc"),
            [(r, p.branch, p.number, orjson.dumps({"run_id": r, **to_document(p)})) for r, p in polls],
        )
        self._polls.trim(
            ("run_id", "branch"),
            "number",
            [(r, p.branch, p.number - POLLS_PER_BRANCH) for r, p in polls if p.number > POLLS_PER_BRANCH],
        )
        for save in saves:
            for act in save.acts:
                put_act(self._database, act)
            if save.run.revision % TRIMMED_EVERY == 0:
                self._trim_history(save.run.id)

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
