"""What one batch of saves writes, inside the transaction of the batch."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from runtime.model.codec import to_bytes, to_document
from runtime.model.stored import Save
from runtime.store.embedded.acts import put_act
from runtime.store.embedded.rows import Rows
from runtime.store.ports.ledger import HISTORY_PER_RUN, POLLS_PER_BRANCH
from runtime.store.run_document import RUN_COLUMNS, run_document


def write_heads(rows: Rows, saves: Sequence[Save]) -> list[Save]:
    """Write the heads of runs whose revision is as expected; returns the saves that were kept."""
    return [save for save in saves if _write_head(rows, save)]


def _write_head(rows: Rows, save: Save) -> bool:
    document = run_document(save.run)
    values = [document[c] if c != "held" else int(document[c]) for c in RUN_COLUMNS]
    doc = orjson.dumps(document)
    if save.expected_revision is None:
        cursor = rows.con.execute(
            f"INSERT OR IGNORE INTO t_runs(id,{','.join(RUN_COLUMNS)},doc) VALUES(?,?,?,?,?,?,?,?,?,?)",
            (save.run.id, *values, doc),
        )
    else:
        cursor = rows.con.execute(
            f"UPDATE t_runs SET {','.join(c + '=?' for c in RUN_COLUMNS)},doc=? WHERE id=? AND revision=?",
            (*values, doc, save.run.id, save.expected_revision),
        )
    return cursor.rowcount == 1


def write_records(rows: Rows, saves: Sequence[Save]) -> None:
    """Write branches, firings, history, polls and acts of runs whose heads were written."""
    sql = rows.con.executemany
    sql(
        "INSERT INTO t_branches(run_id,id,doc) VALUES(?,?,?) ON CONFLICT(run_id,id) DO UPDATE SET doc=excluded.doc",
        [(b.run_id, b.id, to_bytes(b)) for s in saves for b in s.branches],
    )
    sql(
        "INSERT INTO t_joins(run_id,step_id,visit,doc) VALUES(?,?,?,?) "
        "ON CONFLICT(run_id,step_id,visit) DO UPDATE SET doc=excluded.doc",
        [(f.run_id, f.step_id, f.visit, to_bytes(f)) for s in saves for f in s.firings],
    )
    sql(
        "INSERT INTO t_history(run_id,entries_n,doc) VALUES(?,?,?)",
        [(s.run.id, len(s.history), _history_doc(s)) for s in saves if s.history],
    )
    polls = [(s.run.id, p) for s in saves for p in s.polls]
    sql(
        "INSERT INTO t_polls(run_id,branch,number,doc) VALUES(?,?,?,?)",
        [(r, p.branch, p.number, orjson.dumps({"run_id": r, **to_document(p)})) for r, p in polls],
    )
    sql(
        "DELETE FROM t_polls WHERE run_id=? AND branch=? AND number<=?",
        [(r, p.branch, p.number - POLLS_PER_BRANCH) for r, p in polls if p.number > POLLS_PER_BRANCH],
    )
    for save in saves:
        for act in save.acts:
            put_act(rows, act)
        if save.run.revision % 256 == 0:
            _trim_history(rows, save.run.id)


def _trim_history(rows: Rows, run_id: str) -> None:
    kept = 0
    blocks = rows.con.execute(
        "SELECT doc_id, entries_n FROM t_history WHERE run_id=? ORDER BY doc_id DESC", (run_id,)
    ).fetchall()
    for doc_id, count in blocks:
        kept += count
        if kept > HISTORY_PER_RUN:
            rows.con.execute("DELETE FROM t_history WHERE run_id=? AND doc_id<=?", (run_id, doc_id))
            return


def _history_doc(save: Save) -> bytes:
    return orjson.dumps({"run_id": save.run.id, "entries_n": len(save.history), "entries": to_document(save.history)})
