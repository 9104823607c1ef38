"""Runs with their records in PostgreSQL; see `ports.runs` for what each method promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.model.damage import Damage
from runtime.model.run import Run
from runtime.model.stored import RunFilter, Save, Stored
from runtime.store.documents import HeadRow, assembled, refuse, shown
from runtime.store.postgres.acts import put_act
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.filter_sql import after_run, conditions, narrowed, ordering
from runtime.store.postgres.queries import sql
from runtime.store.postgres.saving import columns, head, rounds, write_heads, write_records
from runtime.store.postgres.saving_right import SavingRight
from runtime.store.postgres.text import column

PART = 1_000
"""So many runs are changed at once where it may be all there are: others wait for a part and not for the whole."""


class PostgresRuns:
    """Runs of a database. Every method is one transaction; the level is READ COMMITTED."""

    def __init__(self, database: Database, right: SavingRight) -> None:
        self._database = database
        self._right = right

    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        if not saves:
            return []

        def write(con: Connection) -> list[Save]:
            raise_if_lost = self._right.ask(con, epoch=epoch)
            kept: list[Save] = []
            for part in rounds(saves):
                written = write_heads(con, part)
                write_records(con, written)
                for save in written:
                    for act in save.acts:
                        put_act(con, act)
                kept += written
            raise_if_lost()
            return kept

        kept = {id(s) for s in self._database.writing(write, together=True)}
        return [s.run.id for s in saves if id(s) not in kept]

    def get(self, run_id: str) -> Run | None:
        row = self._database.one("run", column(run_id))
        return shown(HeadRow(*row)) if row else None

    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        """The runs that exist with all their records, in the order asked, as of one moment."""
        found, damaged = self._read(run_ids)
        if not skip_damaged:
            refuse(damaged)
        return [found[i] for i in run_ids if i in found]

    def damage(self, run_ids: Sequence[str]) -> dict[str, Damage]:
        return self._read(run_ids)[1]

    def _read(self, run_ids: Sequence[str]) -> tuple[dict[str, Stored], dict[str, Damage]]:
        ids = [column(i) for i in run_ids]

        def read(con: Connection) -> tuple[list[Any], list[Any], list[Any]]:
            with con.pipeline():
                con.execute(sql("load_begins"))
                runs = con.execute(sql("runs"), (ids,))
                branches = con.execute(sql("branches"), (ids,))
                joins = con.execute(sql("joins"), (ids,))
                con.execute(sql("commit"))
            return runs.fetchall(), branches.fetchall(), joins.fetchall()

        runs, branches, joins = self._database.reading(read)
        return assembled([HeadRow(*row) for row in runs], branches, joins)

    def query(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = 50,
        after: str | None = None,
    ) -> list[Run]:
        def read(con: Connection) -> list[Any]:
            parts, values = conditions(where)
            if after is not None:
                part, more = after_run(con, order, after, descending=descending)
                parts, values = [*parts, part], [*values, *more]
            query = narrowed("list_runs", parts, ordering(order, descending=descending))
            return con.execute(query, (*values, limit)).fetchall()

        return [shown(HeadRow(*row)) for row in self._database.reading(read)]

    def remove(self, run_ids: Sequence[str]) -> int:
        """Remove runs with all that belongs to them; each part of many in a transaction of its own."""
        ids = [column(i) for i in run_ids]
        return sum(self._remove(ids[first : first + PART]) for first in range(0, len(ids), PART))

    def _remove(self, ids: Sequence[str]) -> int:
        return self._database.writing(lambda con: con.execute(sql("remove"), (ids,)).rowcount)

    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        ids = [column(i) for i in run_ids]
        self._database.writing(lambda con: con.execute(sql("mark_damaged"), (ids,)))

    def mend(self, runs: Sequence[Run]) -> None:
        def write(con: Connection) -> None:
            marked = {i for (i,) in con.execute(sql("marked"), ([run.id for run in runs],)).fetchall()}
            found = [head(run) for run in runs if run.id in marked]
            if found:
                con.execute(sql("update_heads"), columns(found))

        self._database.writing(write)
