"""Lists of any length in PostgreSQL."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from runtime.model.run import Run
from runtime.model.stored import RunFilter
from runtime.store.documents import HeadRow, shown
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.filter_sql import conditions, kept_by_counts, narrowed, ordering
from runtime.store.postgres.text import column

CHUNK = 20_000


class PostgresListing:
    """Lists of the runs of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def snapshot(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> array[int]:
        parts, values = conditions(where)
        name = "attention_latest" if order == "attention" else order
        query = narrowed("list_numbers", parts, ordering(name, descending=descending))

        def read(con: Connection) -> array[int]:
            found = array("q")
            with con.transaction(), con.cursor(name="listing", binary=True) as cursor:
                cursor.execute(query, (*values, limit))
                while part := cursor.fetchmany(CHUNK):
                    found.extend([number for (number,) in part])
                    if stop is not None and stop():
                        break
            return found

        return self._database.reading(read)

    def rows_at(self, numbers: Sequence[int]) -> list[Run | None]:
        found = {row[0]: shown(HeadRow(*row)) for row in self._database.all("rows_at", list(numbers))}
        return [found.get(n) for n in numbers]

    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        return dict(self._database.all("numbers", [column(i) for i in run_ids]))

    def count(self, where: RunFilter | None = None) -> int:
        parts, values = conditions(where)
        query = narrowed("count_kept" if kept_by_counts(where) else "count_runs", parts)
        row: Any = self._database.reading(lambda con: con.execute(query, values).fetchone())
        return int(row[0])

    def counts(self) -> dict[str, int]:
        return dict(self._database.all("counts"))
