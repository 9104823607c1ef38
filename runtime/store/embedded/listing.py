"""Lists of any length over rows; row numbers are TinyDB's document ids."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from runtime.model.run import Run
from runtime.model.stored import RunFilter
from runtime.store.documents import HeadRow, shown
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.filter_sql import ORDERS, conditions
from runtime.store.embedded.rows import Rows
from runtime.store.embedded.runs import HEAD

CHUNK = 20_000
PART = 500


class EmbeddedListing:
    """Lists of the runs of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

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
        found: dict[int, Run] = {}
        for start in range(0, len(numbers), PART):
            part = list(numbers[start : start + PART])
            marks = ",".join("?" * len(part))
            rows = self.rows.all(f"{HEAD} WHERE doc_id IN ({marks})", *part)
            found |= {row[0]: shown(HeadRow(*row)) for row in rows}
        return [found.get(n) for n in numbers]

    @guarded
    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(run_ids), PART):
            part = list(run_ids[start : start + PART])
            marks = ",".join("?" * len(part))
            found.update(self.rows.all(f"SELECT id, doc_id FROM t_runs WHERE id IN ({marks})", *part))
        return found

    @guarded
    def count(self, where: RunFilter | None = None) -> int:
        parts, values = conditions(where)
        narrowed = f" WHERE {' AND '.join(parts)}" if parts else ""
        return int(self.rows.one(f"SELECT count(*) FROM t_runs{narrowed}", *values)[0])

    @guarded
    def counts(self) -> dict[str, int]:
        return dict(self.rows.all("SELECT status, count(*) FROM t_runs GROUP BY status"))
