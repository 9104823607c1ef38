"""Wakes of runs, and their leases in a narrow table that is written alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import orjson

from runtime.model.status import RunStatus
from runtime.store.documents import HeadRow, Unfit, head_of
from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows
from runtime.store.embedded.runs import HEAD


class EmbeddedDueRuns:
    """Due runs of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @guarded
    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset()) -> list[str]:
        rows = self.rows.all(
            "SELECT id FROM t_runs WHERE wake_ts<=? ORDER BY wake_ts LIMIT ?", now.timestamp(), limit + len(exclude)
        )
        return [i for (i,) in rows if i not in exclude][:limit]

    @guarded
    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        rows = self.rows.all(
            "SELECT id, wake_ts FROM t_runs WHERE wake_ts IS NOT NULL ORDER BY wake_ts LIMIT ?", len(exclude) + 1
        )
        return next((datetime.fromtimestamp(at, UTC) for i, at in rows if i not in exclude), None)

    @guarded
    def wake(self, run_ids: Sequence[str], at: datetime) -> None:
        """Bring next wakes forward; a run that is damaged is left alone."""
        with self.rows.transaction():
            for run_id in run_ids:
                row = self.rows.one(f"{HEAD} WHERE id=? AND status!=?", run_id, str(RunStatus.DAMAGED))
                if row is None:
                    continue
                with suppress(Unfit):
                    run = head_of(HeadRow(*row))
                    if run.next_wake_at is None or run.next_wake_at > at:
                        document = {**orjson.loads(row[-1]), "next_wake_at": at.isoformat(), "wake_ts": at.timestamp()}
                        self.rows.con.execute(
                            "UPDATE t_runs SET wake_ts=?, doc=? WHERE id=?",
                            (at.timestamp(), orjson.dumps(document), run_id),
                        )

    @guarded
    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        got: list[str] = []
        with self.rows.transaction():
            for run_id in run_ids:
                if self.rows.one("SELECT 1 FROM t_runs WHERE id=?", run_id) is None:
                    continue
                held = self.rows.one("SELECT owner, until_ts FROM t_leases WHERE run_id=?", run_id)
                if held is not None and held[0] != owner and held[1] > now.timestamp():
                    continue
                self.rows.con.execute(
                    "INSERT INTO t_leases(run_id,owner,until_ts,doc) VALUES(?,?,?,'{}') ON CONFLICT(run_id) "
                    "DO UPDATE SET owner=excluded.owner, until_ts=excluded.until_ts",
                    (run_id, owner, until.timestamp()),
                )
                got.append(run_id)
        return got

    @guarded
    def release(self, run_ids: Sequence[str], owner: str) -> None:
        with self.rows.transaction():
            self.rows.con.executemany(
                "DELETE FROM t_leases WHERE run_id=? AND owner=?", [(run_id, owner) for run_id in run_ids]
            )
