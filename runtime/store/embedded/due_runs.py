"""Wakes of runs, and their leases in a narrow table that is written alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import orjson

from runtime.model.status import RunStatus
from runtime.store.documents import HeadRow, Unfit, head_of
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import Key, column
from runtime.store.embedded.runs import HEAD
from runtime.store.embedded.store_database import StoreDatabase

LONGEST_DUE_FIRST = (Key("wake_ts"),)
ASLEEP = column("wake_ts").exists()
EMPTY = b"{}"
"""The document of a lease: all of it is columns."""


class EmbeddedDueRuns:
    """Due runs of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._runs = database.records("runs")
        self._leases = database.records("leases")

    @guarded
    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset(), *, new: bool = False) -> list[str]:
        cond = column("wake_ts") <= now.timestamp()
        if new:
            cond &= column("status") == str(RunStatus.PENDING)
        rows = self._runs.select(("id",), cond, order=LONGEST_DUE_FIRST, limit=limit + len(exclude))
        return [i for (i,) in rows if i not in exclude][:limit]

    @guarded
    def count_due(self, now: datetime) -> int:
        return self._runs.count_rows(column("wake_ts") <= now.timestamp())

    @guarded
    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        rows = self._runs.select(("id", "wake_ts"), ASLEEP, order=LONGEST_DUE_FIRST, limit=len(exclude) + 1)
        return next((datetime.fromtimestamp(at, UTC) for i, at in rows if i not in exclude), None)

    @guarded
    def wake(self, run_ids: Sequence[str], at: datetime) -> None:
        """Bring next wakes forward; a run that is damaged is left alone."""
        with self.database.transaction():
            for row in self._runs.select_any(HEAD, "id", run_ids):
                head = HeadRow(*row)
                if head.status == RunStatus.DAMAGED:
                    continue
                with suppress(Unfit):
                    run = head_of(head)
                    if run.next_wake_at is None or run.next_wake_at > at:
                        document = {
                            **orjson.loads(head.doc),
                            "next_wake_at": at.isoformat(),
                            "wake_ts": at.timestamp(),
                        }
                        values = (at.timestamp(), orjson.dumps(document))
                        self._runs.change(("wake_ts", "doc"), values, where=("id",), equal=(head.id,))

    @guarded
    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        with self.database.transaction():
            there = {run_id for (run_id,) in self._runs.select_any(("id",), "id", run_ids)}
            leases = self._leases.select_any(("run_id", "owner", "until_ts"), "run_id", run_ids)
            others = {i for i, holder, ends in leases if holder != owner and ends > now.timestamp()}
            got = [run_id for run_id in run_ids if run_id in there and run_id not in others]
            rows = [(run_id, owner, until.timestamp(), EMPTY) for run_id in got]
            self._leases.put(("run_id", "owner", "until_ts", "doc"), rows)
        return got

    @guarded
    def release(self, run_ids: Sequence[str], owner: str) -> None:
        with self.database.transaction():
            self._leases.discard_each(("run_id", "owner"), [(run_id, owner) for run_id in run_ids])
