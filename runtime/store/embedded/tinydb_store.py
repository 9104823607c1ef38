"""Runs in TinyDB over rows: the embedded default, and with `:memory:` the store of tests and played runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson

from runtime.errors import LostRight
from runtime.model.codec import to_bytes, to_document
from runtime.model.run import HistoryEntry, Poll
from runtime.model.status import RunStatus
from runtime.model.stored import Save
from runtime.store.base import HISTORY_PER_RUN, POLLS_PER_BRANCH
from runtime.store.documents import HeadRow, Unfit, head_of
from runtime.store.embedded.act_table import ActTable
from runtime.store.embedded.error_translation import Rows, guarded
from runtime.store.embedded.lease_table import LeaseTable
from runtime.store.embedded.question_table import QuestionTable
from runtime.store.embedded.run_order import RunOrder
from runtime.store.embedded.run_reading import HEAD
from runtime.store.ledgers import history_of, polls_of
from runtime.store.run_document import RUN_COLUMNS, run_document


class TinyDBStore(RunOrder, ActTable, QuestionTable, LeaseTable):
    """RunStore over TinyDB tables whose documents are SQLite rows; `rows.db` is the TinyDB itself."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        """Open the file, making it if it is missing; StoreUnavailable if it cannot be used."""
        super().__init__(Rows(path, read_only=read_only))

    @guarded
    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        """Write a batch in one durable transaction; ids refused for their revision come back."""
        with self.rows.transaction():
            if epoch is not None and self._epoch() != epoch:
                raise LostRight("Another scheduler drives this store now; this one stands by.")
            kept = [s for s in saves if self._save_run(s)]
            sql = self.rows.con.executemany
            sql(
                "INSERT INTO t_branches(run_id,id,doc) VALUES(?,?,?) "
                "ON CONFLICT(run_id,id) DO UPDATE SET doc=excluded.doc",
                [(b.run_id, b.id, to_bytes(b)) for s in kept for b in s.branches],
            )
            sql(
                "INSERT INTO t_joins(run_id,step_id,visit,doc) VALUES(?,?,?,?) "
                "ON CONFLICT(run_id,step_id,visit) DO UPDATE SET doc=excluded.doc",
                [(f.run_id, f.step_id, f.visit, to_bytes(f)) for s in kept for f in s.firings],
            )
            sql(
                "INSERT INTO t_history(run_id,entries_n,doc) VALUES(?,?,?)",
                [(s.run.id, len(s.history), _history_doc(s)) for s in kept if s.history],
            )
            polls = [(s.run.id, p) for s in kept for p in s.polls]
            sql(
                "INSERT INTO t_polls(run_id,branch,number,doc) VALUES(?,?,?,?)",
                [(r, p.branch, p.number, orjson.dumps({"run_id": r, **to_document(p)})) for r, p in polls],
            )
            sql(
                "DELETE FROM t_polls WHERE run_id=? AND branch=? AND number<=?",
                [(r, p.branch, p.number - POLLS_PER_BRANCH) for r, p in polls if p.number > POLLS_PER_BRANCH],
            )
            for save in kept:
                for act in save.acts:
                    self._put_act(act)
                if save.run.revision % 256 == 0:
                    self._trim_history(save.run.id)
        if len(kept) == len(saves):
            return []
        written = {id(s) for s in kept}
        return [s.run.id for s in saves if id(s) not in written]

    def _save_run(self, save: Save) -> bool:
        document = run_document(save.run)
        values = [document[c] if c != "held" else int(document[c]) for c in RUN_COLUMNS]
        doc = orjson.dumps(document)
        if save.expected_revision is None:
            cursor = self.rows.con.execute(
                f"INSERT OR IGNORE INTO t_runs(id,{','.join(RUN_COLUMNS)},doc) VALUES(?,?,?,?,?,?,?,?,?,?)",
                (save.run.id, *values, doc),
            )
        else:
            cursor = self.rows.con.execute(
                f"UPDATE t_runs SET {','.join(c + '=?' for c in RUN_COLUMNS)},doc=? WHERE id=? AND revision=?",
                (*values, doc, save.run.id, save.expected_revision),
            )
        return cursor.rowcount == 1

    def _trim_history(self, run_id: str) -> None:
        kept = 0
        rows = self.rows.con.execute(
            "SELECT doc_id, entries_n FROM t_history WHERE run_id=? ORDER BY doc_id DESC", (run_id,)
        ).fetchall()
        for doc_id, count in rows:
            kept += count
            if kept > HISTORY_PER_RUN:
                self.rows.con.execute("DELETE FROM t_history WHERE run_id=? AND doc_id<=?", (run_id, doc_id))
                return

    @guarded
    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        return dict(self.all("SELECT status, count(*) FROM t_runs GROUP BY status"))

    @guarded
    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset()) -> list[str]:
        """Ids of due runs, the longest due first."""
        rows = self.all(
            "SELECT id FROM t_runs WHERE wake_ts<=? ORDER BY wake_ts LIMIT ?", now.timestamp(), limit + len(exclude)
        )
        return [i for (i,) in rows if i not in exclude][:limit]

    @guarded
    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        """The earliest next wake."""
        rows = self.all(
            "SELECT id, wake_ts FROM t_runs WHERE wake_ts IS NOT NULL ORDER BY wake_ts LIMIT ?", len(exclude) + 1
        )
        return next((datetime.fromtimestamp(at, UTC) for i, at in rows if i not in exclude), None)

    @guarded
    def wake(self, run_ids: Sequence[str], at: datetime) -> None:
        """Bring next wakes forward, never later; a run that is damaged is left alone."""
        with self.rows.transaction():
            for run_id in run_ids:
                row = self.one(f"{HEAD} WHERE id=? AND status!=?", run_id, str(RunStatus.DAMAGED))
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
    def history(self, run_id: str) -> list[HistoryEntry]:
        """What happened to a run, oldest first; a part that cannot be read is an entry that says so."""
        return history_of(self.all("SELECT doc_id, doc FROM t_history WHERE run_id=? ORDER BY doc_id", run_id))

    @guarded
    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        """The kept polls, oldest first; one that cannot be read is a poll that says so."""
        narrowed, values = (" AND branch=?", [branch]) if branch is not None else ("", [])
        return polls_of(
            self.all(
                f"SELECT doc_id, branch, number, doc FROM t_polls WHERE run_id=?{narrowed} ORDER BY doc_id",
                run_id,
                *values,
            )
        )

    @guarded
    def changes_since(self, moment: datetime) -> list[str]:
        """Ids of runs updated at or after a moment."""
        return [i for (i,) in self.all("SELECT id FROM t_runs WHERE updated_ts>=?", moment.timestamp())]

    @guarded
    def remove(self, run_ids: Sequence[str]) -> int:
        """Remove runs with all that belongs to them."""
        count = 0
        with self.rows.transaction():
            for run_id in run_ids:
                count += self.rows.con.execute("DELETE FROM t_runs WHERE id=?", (run_id,)).rowcount
                for table in ("branches", "joins", "history", "polls", "leases"):
                    self.rows.con.execute(f"DELETE FROM t_{table} WHERE run_id=?", (run_id,))
        return count


def _history_doc(save: Save) -> bytes:
    return orjson.dumps({"run_id": save.run.id, "entries_n": len(save.history), "entries": to_document(save.history)})
