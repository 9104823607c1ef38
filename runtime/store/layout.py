"""Which keys of which documents are columns with indexes; everything else lives in the document alone."""

from __future__ import annotations

import msgspec

FORMAT = 2
APPLICATION_ID = 0x666A6F6E
TABLES = ("runs", "branches", "joins", "history", "polls", "acts", "holds", "schedules", "flows", "meta")


class Layout(msgspec.Struct, frozen=True):
    """Columns of a table: document key to SQL type, unique keys and indexes over columns.

    By the columns `counted` the rows are counted with every write; with `terms` the words that a run keeps for life
    are indexed, and with `words` what searches look into stands in a narrow table too.
    """

    columns: dict[str, str]
    unique: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    counted: tuple[str, ...] = ()
    terms: bool = False
    words: bool = False


LAYOUTS: dict[str, Layout] = {
    "runs": Layout(
        {
            "id": "TEXT",
            "status": "TEXT",
            "workflow": "TEXT",
            "revision": "INTEGER",
            "attention": "INTEGER",
            "held": "INTEGER",
            "wake_ts": "REAL",
            "created_ts": "REAL",
            "updated_ts": "REAL",
        },
        unique=("id",),
        indexes=(
            ("wake_ts",),
            ("created_ts", "id"),
            ("updated_ts", "id"),
            ("status",),
            ("attention", "updated_ts", "id"),
        ),
        counted=("status", "workflow", "attention"),
        terms=True,
        words=True,
    ),
    "branches": Layout({"run_id": "TEXT", "id": "TEXT"}, unique=("run_id", "id"), words=True),
    "joins": Layout({"run_id": "TEXT", "step_id": "TEXT", "visit": "INTEGER"}, unique=("run_id", "step_id", "visit")),
    "history": Layout({"run_id": "TEXT", "entries_n": "INTEGER"}, indexes=(("run_id",),)),
    "polls": Layout(
        {"run_id": "TEXT", "branch": "TEXT", "number": "INTEGER"}, indexes=(("run_id", "branch", "number"),)
    ),
    "acts": Layout(
        {"outcome": "TEXT", "due_ts": "REAL", "target": "TEXT"}, indexes=(("outcome", "due_ts"), ("target",))
    ),
    "schedules": Layout({"workflow": "TEXT"}, unique=("workflow",)),
    "flows": Layout({"hash": "TEXT"}, unique=("hash",)),
    "meta": Layout({"key": "TEXT"}, unique=("key",)),
    "leases": Layout({"run_id": "TEXT", "owner": "TEXT", "until_ts": "REAL"}, unique=("run_id",)),
    "questions": Layout({"asked_ts": "REAL", "answered": "INTEGER"}, indexes=(("answered",),)),
}
NOTHING = Layout({})
PASSING = ("questions", "leases")
"""Tables that are never exported: what is in them is of no use later."""
