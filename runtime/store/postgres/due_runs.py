"""Wakes and leases of runs in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.store.facts import object_in
from runtime.store.postgres.database import Connection, Database
from runtime.store.postgres.queries import sql
from runtime.store.postgres.runs import PART
from runtime.store.postgres.saving import columns
from runtime.store.postgres.saving_right import SavingRight
from runtime.store.postgres.text import column, text


class PostgresDueRuns:
    """Due runs of a database."""

    def __init__(self, database: Database, right: SavingRight) -> None:
        self._database = database
        self._right = right

    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset(), *, new: bool = False) -> list[str]:
        return [i for (i,) in self._database.all("due_new" if new else "due", now, list(exclude), limit)]

    def count_due(self, now: datetime) -> int:
        return int(self._database.one("count_due", now)[0])

    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        row = self._database.one("next_wake", list(exclude))
        return row[0] if row else None

    def wake(self, run_ids: Sequence[str], at: datetime) -> None:
        """Bring next wakes forward, never later; each part of many in a transaction of its own."""
        for first in range(0, len(run_ids), PART):
            self._wake(run_ids[first : first + PART], at)

    def _wake(self, run_ids: Sequence[str], at: datetime) -> None:
        def write(con: Connection) -> None:
            ids = [i for (i,) in con.execute(sql("to_wake"), ([column(i) for i in run_ids], at)).fetchall()]
            if not ids:
                return
            # An offer that was made for the old moment must not keep the new one waiting.
            con.execute(sql("set_wake"), (at, ids))
            # Read only now: what was read before the lock came may be older than a save we waited for.
            rows = con.execute(sql("documents"), (ids,)).fetchall()
            moment = {"next_wake_at": at.isoformat(), "wake_ts": at.timestamp()}
            known = [(i, document) for i, doc in rows if (document := object_in(doc)) is not None]
            if known:
                con.execute(sql("update_runs"), columns([(i, text({**document, **moment})) for i, document in known]))

        self._database.writing(write)

    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        named = {"ids": [column(i) for i in run_ids], "owner": owner, "now": now, "until": until}

        def lease(con: Connection) -> set[str]:
            # A lease that a worker took after it was taken out would be given back by nobody.
            raise_if_lost = self._right.ask(con, owner=owner)
            claimed = con.execute(sql("claim"), named)
            raise_if_lost()
            return {i for (i,) in claimed.fetchall()}

        got = self._database.writing(lease, counted=False, together=True)
        return [i for i in run_ids if i in got]

    def release(self, run_ids: Sequence[str], owner: str) -> None:
        values = ([column(i) for i in run_ids], owner)
        self._database.writing(lambda con: con.execute(sql("release"), values), counted=False, together=True)
