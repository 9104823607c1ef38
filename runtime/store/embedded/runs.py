"""Runs with their records; see `ports.runs` for what each method promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from runtime.errors import LostRight, NotFound
from runtime.model.damage import Damage
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Save, Stored
from runtime.store.documents import HeadRow, assembled, refuse, shown
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.filter_query import keyset
from runtime.store.embedded.keyed import epoch_of
from runtime.store.embedded.saving import BatchWriter, SaveRows
from runtime.store.embedded.store_database import StoreDatabase
from runtime.store.run_document import RUN_COLUMNS, run_document

HEAD = ("doc_id", "id", "status", "revision", "workflow", "wake_ts", "created_ts", "updated_ts", "doc")
"""The fields of a head, in the order of HeadRow."""
PARTS = ("branches", "joins", "history", "polls", "leases")
"""Tables of what belongs to a run."""
TOGETHER = 500
"""So many runs are read at once."""
Read = tuple[dict[str, Stored], dict[str, Damage]]
"""Runs that can be used, and what is wrong with the others, by id."""


class EmbeddedRuns:
    """Runs, branches, joins, history and polls of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._runs = database.records("runs")
        self._branches = database.records("branches")
        self._joins = database.records("joins")
        self._parts = [database.records(name) for name in PARTS]
        self._writer = BatchWriter(database)

    @guarded
    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        rows = [SaveRows.of(save) for save in saves]
        with self.database.transaction():
            if epoch is not None and epoch_of(self.database) != epoch:
                raise LostRight("Another scheduler drives this store now; this one stands by.")
            return self._writer.write(rows)

    @guarded
    def get(self, run_id: str) -> Run | None:
        row = next(iter(self._runs.select_any(HEAD, "id", [run_id])), None)
        return None if row is None else shown(HeadRow(*row))

    @guarded
    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        found, damaged = self._read(run_ids)
        if not skip_damaged:
            refuse(damaged)
        return [found[i] for i in run_ids if i in found]

    @guarded
    def damage(self, run_ids: Sequence[str]) -> dict[str, Damage]:
        return self._read(run_ids)[1]

    def _read(self, run_ids: Sequence[str]) -> Read:
        found: dict[str, Stored] = {}
        damaged: dict[str, Damage] = {}
        for start in range(0, len(run_ids), TOGETHER):
            for one, bad in _each(self._together, run_ids[start : start + TOGETHER]):
                found |= one
                damaged |= bad
        return found, damaged

    def _together(self, run_ids: Sequence[str]) -> Read:
        return assembled(
            [HeadRow(*row) for row in self._runs.select_any(HEAD, "id", run_ids)],
            self._branches.select_any(("doc_id", "run_id", "id", "doc"), "run_id", run_ids),
            self._joins.select_any(("doc_id", "run_id", "step_id", "visit", "doc"), "run_id", run_ids),
        )

    @guarded
    def query(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = 50,
        after: str | None = None,
    ) -> list[Run]:
        keys = keyset(order, descending=descending)
        behind: Sequence[object] = ()
        if after is not None:
            last = self._runs.select_any(tuple(key.field for key in keys), "id", [after])
            if not last:
                raise NotFound(f"There is no run {after} to go on after.")
            behind = last[0]
        rows = self._runs.select(HEAD, self.database.runs_of(where), order=keys, behind=behind, limit=limit)
        return [shown(HeadRow(*row)) for row in rows]

    @guarded
    def remove(self, run_ids: Sequence[str]) -> int:
        ids = [(run_id,) for run_id in run_ids]
        with self.database.transaction():
            for part in self._parts:
                part.discard_each(("run_id",), ids)
            return self._runs.discard_each(("id",), ids)

    @guarded
    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        marks = (str(RunStatus.DAMAGED), None, 0)
        with self.database.transaction():
            for run_id in run_ids:
                self._runs.change(("status", "wake_ts", "attention"), marks, where=("id",), equal=(run_id,))

    @guarded
    def mend(self, runs: Sequence[Run]) -> None:
        with self.database.transaction():
            for run in runs:
                document = run_document(run)
                values = tuple(document[name] for name in RUN_COLUMNS)
                marked = (run.id, str(RunStatus.DAMAGED))
                self._runs.change(RUN_COLUMNS, values, where=("id", "status"), equal=marked)


def _each(read: Callable[[Sequence[str]], Read], ids: Sequence[str]) -> list[Read]:
    """What these ids give; where the file itself is damaged, each by itself, so that one page stops few runs."""
    try:
        return [read(ids)]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as problem:
        if len(ids) == 1:
            return [({}, {ids[0]: Damage("runs", 0, f"cannot be read ({problem})", ids[0])})]
        return [found for run_id in ids for found in _each(read, [run_id])]
