"""What one batch of saves writes: two statements for all tables, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from runtime.model.codec import to_bytes, to_document
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.store.ports.ledger import HISTORY_PER_RUN, POLLS_PER_BRANCH
from runtime.store.postgres.database import Connection
from runtime.store.postgres.queries import sql
from runtime.store.postgres.text import column, text
from runtime.store.run_document import run_document


def head(run: Run) -> tuple[Any, ...]:
    """The columns of a run, in the order of `insert_heads` and `update_heads`."""
    labels = orjson.dumps({column(k): column(v) for k, v in run.labels.items()}).decode()
    return (
        run.id,
        run.revision,
        str(run.status),
        column(run.workflow),
        run.attention,
        run.held,
        labels,
        run.next_wake_at,
        run.created_at,
        run.updated_at,
    )


def columns(rows: Sequence[tuple[Any, ...]], count: int = 0) -> list[list[Any]]:
    """Rows as one list a column, for `unnest`; `count` empty ones if there may be no row."""
    return [list(values) for values in zip(*rows, strict=True)] or [[] for _ in range(count)]


def rounds(saves: Sequence[Save]) -> Iterator[list[Save]]:
    """Saves in parts of which none has two of one run, in order."""
    part: list[Save] = []
    seen: set[str] = set()
    for save in saves:
        if save.run.id in seen:
            yield part
            part, seen = [], set()
        seen.add(save.run.id)
        part.append(save)
    if part:
        yield part


def write_heads(con: Connection, saves: Sequence[Save]) -> list[Save]:
    """Write the heads and documents of runs whose revision is as expected; gives the saves that were kept.

    Rows are locked in the order of their ids, so that two batches never wait for each other in a circle.
    """
    new = sorted((s for s in saves if s.expected_revision is None), key=lambda s: s.run.id)
    known = [s for s in saves if s.expected_revision is not None]
    kept: set[str] = set()
    if known:
        revisions = dict(con.execute(sql("lock_heads"), (sorted(s.run.id for s in known),)).fetchall())
        fresh = [s for s in known if revisions.get(s.run.id) == s.expected_revision]
        if fresh:
            rows = [(*head(s.run), s.run.id, text(run_document(s.run))) for s in fresh]
            con.execute(sql("save_known"), columns(rows))
        kept |= {s.run.id for s in fresh}
    if new:
        added = {i for (i,) in con.execute(sql("insert_heads"), columns([head(s.run) for s in new])).fetchall()}
        documents = [(s.run.id, text(run_document(s.run))) for s in new if s.run.id in added]
        if documents:
            con.execute(sql("insert_runs"), columns(documents))
        kept |= added
    return [s for s in saves if s.run.id in kept]


def write_records(con: Connection, saves: Sequence[Save]) -> None:
    """Write branches, firings, history and polls of runs whose heads were written."""
    # A statement cannot touch one row twice: the last version of a branch counts.
    branches = {(b.run_id, column(b.id)): to_bytes(b).decode() for s in saves for b in s.branches}
    firings = {(f.run_id, column(f.step_id), f.visit): to_bytes(f).decode() for s in saves for f in s.firings}
    history = [(s.run.id, len(s.history), history_text(s)) for s in saves if s.history]
    polls = [
        (s.run.id, column(p.branch), p.number, text({"run_id": s.run.id, **to_document(p)}))
        for s in saves
        for p in s.polls
    ]
    over = [(r, b, n - POLLS_PER_BRANCH) for r, b, n, _ in polls if n > POLLS_PER_BRANCH]
    if branches or firings or history or polls:
        values = [
            *columns([(*key, doc) for key, doc in branches.items()], 3),
            *columns([(*key, doc) for key, doc in firings.items()], 4),
            *columns(history, 3),
            *columns(polls, 4),
        ]
        con.execute(sql("put_records"), values)
    if over:
        con.execute(sql("trim_polls"), columns(over))
    for save in saves:
        if save.run.revision % 256 == 0:
            con.execute(sql("trim_history"), {"run": save.run.id, "kept": HISTORY_PER_RUN})


def history_text(save: Save) -> str:
    """The document of the entries one save adds."""
    return text({"run_id": save.run.id, "entries_n": len(save.history), "entries": to_document(save.history)})
