"""Reading runs: whole runs with all their records, and what is damaged among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.model.damage import Damage
from runtime.model.run import Run
from runtime.model.stored import RunFilter, Stored
from runtime.store.documents import HeadRow, assembled, refuse, shown
from runtime.store.postgres.database import Connection
from runtime.store.postgres.documents import Moving
from runtime.store.postgres.filter_sql import after_run, conditions, narrowed, ordering
from runtime.store.postgres.queries import sql
from runtime.store.postgres.saving import columns, head
from runtime.store.postgres.small_tables import column


class RunReading(Moving):
    """The part of the store that reads runs."""

    def get(self, run_id: str) -> Run | None:
        """The head of a run; a damaged one as that."""
        row = self.database.one("run", column(run_id))
        return shown(HeadRow(*row)) if row else None

    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        """The runs that exist with all their records, in the order asked, as of one moment."""
        found, damaged = self._read(run_ids)
        if not skip_damaged:
            refuse(damaged)
        return [found[i] for i in run_ids if i in found]

    def damage(self, run_ids: Sequence[str]) -> dict[str, Damage]:
        """What is wrong with those of these runs that cannot be used."""
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

        runs, branches, joins = self.database.reading(read)
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
        """One keyset page of runs."""

        def read(con: Connection) -> list[Any]:
            parts, values = conditions(where)
            if after is not None:
                part, more = after_run(con, order, after, descending=descending)
                parts, values = [*parts, part], [*values, *more]
            query = narrowed("list_runs", parts, ordering(order, descending=descending))
            return con.execute(query, (*values, limit)).fetchall()

        return [shown(HeadRow(*row)) for row in self.database.reading(read)]

    def rows_at(self, numbers: Sequence[int]) -> list[Run | None]:
        """The runs with these row numbers, None where one was removed."""
        found = {row[0]: shown(HeadRow(*row)) for row in self.database.all("rows_at", list(numbers))}
        return [found.get(n) for n in numbers]

    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        """Keep runs from being woken, and count them as damaged; their documents stay as they are."""
        ids = [column(i) for i in run_ids]
        self.database.writing(lambda con: con.execute(sql("mark_damaged"), (ids,)))

    def mend(self, runs: Sequence[Run]) -> None:
        """Let runs that were marked as damaged, and can be read again, be what their documents say."""

        def write(con: Connection) -> None:
            marked = {i for (i,) in con.execute(sql("marked"), ([run.id for run in runs],)).fetchall()}
            found = [head(run) for run in runs if run.id in marked]
            if found:
                con.execute(sql("update_heads"), columns(found))

        self.database.writing(write)
