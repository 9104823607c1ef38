"""Leases: the time-limited right of one worker to advance a run, in a narrow table that is written alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.small_tables import SmallTables


class LeaseTable(SmallTables):
    """The part of the store that keeps leases."""

    @guarded
    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        """Lease runs to an owner; gives those it got. A lease of another that has not expired is respected."""
        got: list[str] = []
        with self.rows.transaction():
            for run_id in run_ids:
                if self.one("SELECT 1 FROM t_runs WHERE id=?", run_id) is None:
                    continue
                held = self.one("SELECT owner, until_ts FROM t_leases WHERE run_id=?", run_id)
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
        """Give leases of an owner back; those of others stay."""
        with self.rows.transaction():
            self.rows.con.executemany(
                "DELETE FROM t_leases WHERE run_id=? AND owner=?", [(run_id, owner) for run_id in run_ids]
            )
