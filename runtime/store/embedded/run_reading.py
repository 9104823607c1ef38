"""Reading runs from rows: whole runs with all their records, and what is damaged among them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from runtime.errors import NotFound
from runtime.model.damage import Damage
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Stored
from runtime.store.documents import HeadRow, assembled, refuse, shown
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.filter_sql import ORDERS, conditions
from runtime.store.embedded.small_tables import SmallTables
from runtime.store.run_document import RUN_COLUMNS, run_document

HEAD = "SELECT doc_id, id, status, revision, workflow, wake_ts, created_ts, updated_ts, doc FROM t_runs"
BRANCHES = "SELECT run_id, id, doc_id, doc FROM t_branches"
JOINS = "SELECT run_id, step_id, visit, doc_id, doc FROM t_joins"
PART = 500


class RunReading(SmallTables):
    """The part of the store that reads runs."""

    def heads(self, rest: str, *values: Any) -> list[Run]:
        """Heads of runs as lists show them; a damaged one is among them, as that."""
        return [shown(HeadRow(*row)) for row in self.all(f"{HEAD} {rest}", *values)]

    @guarded
    def get(self, run_id: str) -> Run | None:
        """The head of a run; a damaged one as that."""
        return next(iter(self.heads("WHERE id=?", run_id)), None)

    @guarded
    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        """The runs that exist with all their records, in the order asked."""
        found, damaged = self._read(run_ids)
        if not skip_damaged:
            refuse(damaged)
        return [found[i] for i in run_ids if i in found]

    @guarded
    def damage(self, run_ids: Sequence[str]) -> dict[str, Damage]:
        """What is wrong with those of these runs that cannot be used."""
        return self._read(run_ids)[1]

    def _read(self, run_ids: Sequence[str]) -> tuple[dict[str, Stored], dict[str, Damage]]:
        found: dict[str, Stored] = {}
        damaged: dict[str, Damage] = {}
        for start in range(0, len(run_ids), PART):
            part = list(run_ids[start : start + PART])
            for one, bad in _each(self._part, part):
                found |= one
                damaged |= bad
        return found, damaged

    def _part(self, part: list[str]) -> tuple[dict[str, Stored], dict[str, Damage]]:
        marks = ",".join("?" * len(part))
        return assembled(
            [HeadRow(*row) for row in self.all(f"{HEAD} WHERE id IN ({marks})", *part)],
            self.all(
                f"SELECT run_id, id, doc_id, doc FROM t_branches WHERE run_id IN ({marks}) ORDER BY doc_id", *part
            ),
            self.all(
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
        """One keyset page of runs."""
        column = ORDERS[order]
        parts, values = conditions(where)
        if after is not None:
            row = self.one(f"SELECT {column} FROM t_runs WHERE id=?", after)
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
        return self.heads(sql, *values, -1 if limit is None else limit)

    @guarded
    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        """Keep runs from being woken, and count them as damaged; their documents stay as they are."""
        with self.rows.transaction():
            self.rows.con.executemany(
                "UPDATE t_runs SET status=?, wake_ts=NULL, attention=0 WHERE id=?",
                [(str(RunStatus.DAMAGED), run_id) for run_id in run_ids],
            )

    @guarded
    def mend(self, runs: Sequence[Run]) -> None:
        """Let runs that were marked as damaged, and can be read again, be what their documents say."""
        with self.rows.transaction():
            for run in runs:
                document = run_document(run)
                self.rows.con.execute(
                    f"UPDATE t_runs SET {','.join(c + '=?' for c in RUN_COLUMNS)} WHERE id=? AND status=?",
                    (*(document[c] for c in RUN_COLUMNS), run.id, str(RunStatus.DAMAGED)),
                )


def _each(
    read: Callable[[list[str]], tuple[dict[str, Stored], dict[str, Damage]]], ids: list[str]
) -> list[tuple[dict[str, Stored], dict[str, Damage]]]:
    """What these ids give; where the file itself is damaged, each by itself, so that one page stops few runs."""
    try:
        return [read(ids)]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as problem:
        if len(ids) == 1:
            return [({}, {ids[0]: Damage("runs", 0, f"cannot be read ({problem})", ids[0])})]
        return [found for run_id in ids for found in _each(read, [run_id])]
