"""Windows over long lists: an order as row numbers, read once, and the runs of a window by their numbers."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from runtime.model.run import Run
from runtime.model.stored import RunFilter
from runtime.store.documents import HeadRow, shown
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.filter_sql import ORDERS, conditions
from runtime.store.embedded.run_reading import HEAD, RunReading

CHUNK = 20_000


class RunOrder(RunReading):
    """The part of the store that serves lists of any length; row numbers are TinyDB's document ids."""

    @guarded
    def snapshot(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> array[int]:
        """Row numbers in order; `attention` has the last changed first among equals."""
        parts, values = conditions(where)
        way = "DESC" if descending else "ASC"
        column = ORDERS[order]
        nulls = " NULLS LAST" if column == "wake_ts" else ""
        then = ", updated_ts DESC" if order == "attention" else ""
        sql = "SELECT doc_id FROM t_runs" + (f" WHERE {' AND '.join(parts)}" if parts else "")
        sql += f" ORDER BY {column} {way}{nulls}{then}, id {way}"
        found = array("q")
        with self.rows.lock:
            cursor = self.rows.con.execute(
                sql + (" LIMIT ?" if limit is not None else ""), (*values, *([limit] if limit is not None else []))
            )
            while part := cursor.fetchmany(CHUNK):
                found.extend([n for (n,) in part])
                if stop is not None and stop():
                    break
        return found

    @guarded
    def rows_at(self, numbers: Sequence[int]) -> list[Run | None]:
        """The runs with these row numbers, None where one was removed."""
        found: dict[int, Run] = {}
        for start in range(0, len(numbers), 500):
            part = list(numbers[start : start + 500])
            marks = ",".join("?" * len(part))
            found |= {row[0]: shown(HeadRow(*row)) for row in self.all(f"{HEAD} WHERE doc_id IN ({marks})", *part)}
        return [found.get(n) for n in numbers]

    @guarded
    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        """Row numbers of runs by id."""
        found: dict[str, int] = {}
        for start in range(0, len(run_ids), 500):
            part = list(run_ids[start : start + 500])
            marks = ",".join("?" * len(part))
            found.update(self.all(f"SELECT id, doc_id FROM t_runs WHERE id IN ({marks})", *part))
        return found

    @guarded
    def count(self, where: RunFilter | None = None) -> int:
        """How many runs match."""
        parts, values = conditions(where)
        row = self.one("SELECT count(*) FROM t_runs" + (f" WHERE {' AND '.join(parts)}" if parts else ""), *values)
        return int(row[0]) if row else 0
