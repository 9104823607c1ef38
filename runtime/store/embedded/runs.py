"""Runs with their records, in rows; see `ports.runs` for what each method promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from runtime.errors import LostRight, NotFound
from runtime.model.damage import Damage
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Save, Stored
from runtime.store.documents import HeadRow, assembled, refuse, shown
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.filter_sql import ORDERS, conditions
from runtime.store.embedded.keyed import epoch_of
from runtime.store.embedded.rows import Rows
from runtime.store.embedded.saving import write_heads, write_records
from runtime.store.run_document import RUN_COLUMNS, run_document

HEAD = "SELECT doc_id, id, status, revision, workflow, wake_ts, created_ts, updated_ts, doc FROM t_runs"
PART = 500
Read = tuple[dict[str, Stored], dict[str, Damage]]
"""Runs that can be used, and what is wrong with the others, by id."""


class EmbeddedRuns:
    """Runs, branches, joins, history and polls of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        with self.rows.transaction():
            if epoch is not None and epoch_of(self.rows) != epoch:
                raise LostRight("Another scheduler drives this store now; this one stands by.")
            kept = write_heads(self.rows, saves)
            write_records(self.rows, kept)
        if len(kept) == len(saves):
            return []
        written = {id(s) for s in kept}
        return [s.run.id for s in saves if id(s) not in written]

    def _heads(self, rest: str, *values: Any) -> list[Run]:
        return [shown(HeadRow(*row)) for row in self.rows.all(f"{HEAD} {rest}", *values)]

    @guarded
    def get(self, run_id: str) -> Run | None:
        return next(iter(self._heads("WHERE id=?", run_id)), None)

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
        for start in range(0, len(run_ids), PART):
            part = list(run_ids[start : start + PART])
            for one, bad in _each(self._part, part):
                found |= one
                damaged |= bad
        return found, damaged

    def _part(self, part: list[str]) -> Read:
        marks = ",".join("?" * len(part))
        every = self.rows.all
        return assembled(
            [HeadRow(*row) for row in every(f"{HEAD} WHERE id IN ({marks})", *part)],
            every(f"SELECT run_id, id, doc_id, doc FROM t_branches WHERE run_id IN ({marks}) ORDER BY doc_id", *part),
            every(
                f"SELECT run_id, step_id, visit, doc_id, doc FROM t_joins WHERE run_id IN ({marks}) ORDER BY doc_id",
                *part,
            ),
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
        column = ORDERS[order]
        parts, values = conditions(where)
        if after is not None:
            row = self.rows.one(f"SELECT {column} FROM t_runs WHERE id=?", after)
            if row is None:
                raise NotFound(f"There is no run {after} to go on after.")
            sign = "<" if descending else ">"
            if row[0] is None:
                parts.append(f"({column} IS NULL AND id {sign} ?)")
                values.append(after)
            else:
                more = f" OR {column} IS NULL" if column == "wake_ts" else ""
                parts.append(f"(({column}, id) {sign} (?, ?){more})")
                values += [row[0], after]
        way = "DESC" if descending else "ASC"
        nulls = " NULLS LAST" if column == "wake_ts" else ""
        sql = f"WHERE {' AND '.join(parts)}" if parts else ""
        sql += f" ORDER BY {column} {way}{nulls}, id {way} LIMIT ?"
        return self._heads(sql, *values, -1 if limit is None else limit)

    @guarded
    def remove(self, run_ids: Sequence[str]) -> int:
        count = 0
        with self.rows.transaction():
            for run_id in run_ids:
                count += self.rows.con.execute("DELETE FROM t_runs WHERE id=?", (run_id,)).rowcount
                for table in ("branches", "joins", "history", "polls", "leases"):
                    self.rows.con.execute(f"DELETE FROM t_{table} WHERE run_id=?", (run_id,))
        return count

    @guarded
    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        with self.rows.transaction():
            self.rows.con.executemany(
                "UPDATE t_runs SET status=?, wake_ts=NULL, attention=0 WHERE id=?",
                [(str(RunStatus.DAMAGED), run_id) for run_id in run_ids],
            )

    @guarded
    def mend(self, runs: Sequence[Run]) -> None:
        with self.rows.transaction():
            for run in runs:
                document = run_document(run)
                self.rows.con.execute(
                    f"UPDATE t_runs SET {','.join(c + '=?' for c in RUN_COLUMNS)} WHERE id=? AND status=?",
                    (*(document[c] for c in RUN_COLUMNS), run.id, str(RunStatus.DAMAGED)),
                )


def _each(read: Callable[[list[str]], Read], ids: list[str]) -> list[Read]:
    """What these ids give; where the file itself is damaged, each by itself, so that one page stops few runs."""
    try:
        return [read(ids)]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as problem:
        if len(ids) == 1:
            return [({}, {ids[0]: Damage("runs", 0, f"cannot be read ({problem})", ids[0])})]
        return [found for run_id in ids for found in _each(read, [run_id])]
