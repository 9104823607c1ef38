"""Runs in PostgreSQL: the same promises as the embedded store, for any number of machines."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from runtime.errors import LostRight
from runtime.model.run import HistoryEntry, Poll
from runtime.model.stored import RunFilter, Save
from runtime.store.base import HISTORY_PER_RUN
from runtime.store.facts import epoch_in, object_in
from runtime.store.ledgers import history_of, polls_of
from runtime.store.postgres.database import Connection
from runtime.store.postgres.filter_sql import conditions, narrowed, ordering
from runtime.store.postgres.queries import sql
from runtime.store.postgres.run_reading import RunReading
from runtime.store.postgres.saving import columns, rounds, write_heads, write_records
from runtime.store.postgres.small_tables import column, text

CHUNK = 20_000
PART = 1_000
"""So many runs are changed at once where it may be all there are: others wait for a part and not for the whole."""


class PostgresStore(RunReading):
    """RunStore over PostgreSQL. Every method is one transaction; the level is READ COMMITTED."""

    member: int | None = None
    """Number of the worker this store saves for: once it is taken out, its saves are refused."""

    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        """Write a batch in one durable transaction; ids refused for their revision come back."""
        if not saves:
            return []

        def write(con: Connection) -> list[Save]:
            self._check_right(con, epoch)
            kept: list[Save] = []
            for part in rounds(saves):
                written = write_heads(con, part)
                write_records(con, written, HISTORY_PER_RUN)
                for save in written:
                    for act in save.acts:
                        self._put_act(con, act)
                kept += written
            return kept

        kept = {id(s) for s in self.database.writing(write)}
        return [s.run.id for s in saves if id(s) not in kept]

    def _check_right(self, con: Connection, epoch: int | None, owner: str | None = None) -> None:
        member = self.member
        if member is not None:
            gone = con.execute(sql("worker_here"), (member,)).fetchone() is None
            if gone or (owner is not None and owner != str(member)):
                raise LostRight("This worker was silent for too long; others have taken over its runs.")
        if epoch is not None:
            row = con.execute(sql("meta_shared"), ("epoch",)).fetchone()
            if (epoch_in(row[0]) if row else 0) != epoch:
                raise LostRight("Another scheduler drives this store now; this one stands by.")

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

        return self.database.reading(read)

    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        """Row numbers of runs by id."""
        return dict(self.database.all("numbers", [column(i) for i in run_ids]))

    def count(self, where: RunFilter | None = None) -> int:
        """How many runs match."""
        parts, values = conditions(where)
        query = narrowed("count_runs", parts)
        row: Any = self.database.reading(lambda con: con.execute(query, values).fetchone())
        return int(row[0])

    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        return dict(self.database.all("counts"))

    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset()) -> list[str]:
        """Ids of due runs, the longest due first."""
        return [i for (i,) in self.database.all("due", now, list(exclude), limit)]

    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        """The earliest next wake."""
        row = self.database.one("next_wake", list(exclude))
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

        self.database.writing(write)

    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        """Lease runs to an owner; gives those it got."""
        named = {"ids": [column(i) for i in run_ids], "owner": owner, "now": now, "until": until}

        def lease(con: Connection) -> set[str]:
            # A lease that a worker took after it was taken out would be given back by nobody.
            self._check_right(con, None, owner)
            return {i for (i,) in con.execute(sql("claim"), named).fetchall()}

        got = self.database.writing(lease, counted=False)
        return [i for i in run_ids if i in got]

    def release(self, run_ids: Sequence[str], owner: str) -> None:
        """Give leases of an owner back; those of others stay."""
        values = ([column(i) for i in run_ids], owner)
        self.database.writing(lambda con: con.execute(sql("release"), values), counted=False)

    def history(self, run_id: str) -> list[HistoryEntry]:
        """What happened to a run, oldest first; a part that cannot be read is an entry that says so."""
        return history_of(self.database.all("history", column(run_id)))

    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        """The kept polls, oldest first; one that cannot be read is a poll that says so."""
        named = {"run": column(run_id), "branch": None if branch is None else column(branch)}
        return polls_of(self.database.all("polls", named=named))

    def changes_since(self, moment: datetime) -> list[str]:
        """Ids of runs updated at or after a moment."""
        return [i for (i,) in self.database.all("changes_since", moment)]

    def remove(self, run_ids: Sequence[str]) -> int:
        """Remove runs with all that belongs to them; each part of many in a transaction of its own."""
        ids = [column(i) for i in run_ids]
        return sum(self._remove(ids[first : first + PART]) for first in range(0, len(ids), PART))

    def _remove(self, ids: Sequence[str]) -> int:
        return self.database.writing(lambda con: con.execute(sql("remove"), (ids,)).rowcount)
