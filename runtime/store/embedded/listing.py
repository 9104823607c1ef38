"""Lists of any length; row numbers are TinyDB's document ids."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from runtime.model.run import Run
from runtime.model.stored import RunFilter
from runtime.store.documents import HeadRow, shown
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.filter_query import list_order
from runtime.store.embedded.runs import HEAD
from runtime.store.embedded.store_database import StoreDatabase


class EmbeddedListing:
    """Lists of the runs of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._runs = database.records("runs")

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
        keys = list_order(order, descending=descending)
        return self._runs.numbers_in_order(self.database.runs_of(where), keys, limit=limit, stop=stop)

    @guarded
    def rows_at(self, numbers: Sequence[int]) -> list[Run | None]:
        rows = self._runs.select_any(HEAD, "doc_id", numbers)
        found = {row[0]: shown(HeadRow(*row)) for row in rows}
        return [found.get(number) for number in numbers]

    @guarded
    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        return dict(self._runs.select_any(("id", "doc_id"), "id", run_ids))

    @guarded
    def count(self, where: RunFilter | None = None) -> int:
        return self._runs.count_rows(self.database.runs_of(where))

    @guarded
    def counts(self) -> dict[str, int]:
        return self._runs.count_by("status")
