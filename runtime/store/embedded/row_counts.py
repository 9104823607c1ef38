"""Counts of the rows of a table by some of its columns, kept by triggers with every write, whoever writes."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection

NO_VALUE = "''"
"""A missing value is counted as an empty text, so that the key of a count is whole."""


def counts_table(table: str) -> str:
    """The SQL name of the counts of a table, which has this name in SQLite."""
    return '"c' + table.removeprefix("t").replace('"', '""') + '"'


def keeps_counts(con: Connection, table: str) -> bool:
    """Whether a file has the counts of a table."""
    name = counts_table(table)[1:-1].replace('""', '"')
    return con.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (name,)).fetchone() is not None


def keep_counts(con: Connection, table: str, columns: Sequence[str]) -> None:
    """Count the rows there are, and have them counted from now on; inside a transaction.

    No INSERT of a trigger may meet a key that is there: of two rules for that, the one of the statement that set it
    off is used.
    """
    counts, rows = counts_table(table), '"' + table.replace('"', '""') + '"'
    keys = ", ".join(f'"{c}"' for c in columns)
    con.execute(f"CREATE TABLE {counts} ({keys}, n INTEGER NOT NULL, PRIMARY KEY ({keys})) WITHOUT ROWID")
    values = ", ".join(f'ifnull("{c}", {NO_VALUE})' for c in columns)
    con.execute(f"INSERT INTO {counts} SELECT {values}, count(*) FROM {rows} GROUP BY {values}")
    differ = " OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in columns)
    for name, event, body in (
        ("insert", "INSERT", _counted(counts, columns, "NEW")),
        ("delete", "DELETE", _taken_off(counts, columns)),
        (
            "update",
            f"UPDATE OF {keys}",
            _taken_off(counts, columns) + _counted(counts, columns, "NEW"),
        ),
    ):
        when = f" WHEN {differ}" if name == "update" else ""
        con.execute(f'CREATE TRIGGER "{name}_{counts[1:-1]}" AFTER {event} ON {rows}{when} BEGIN {body}END')


def drop_counts(con: Connection, table: str) -> None:
    """Forget the counts of a table that is dropped; its triggers go with it."""
    con.execute(f"DROP TABLE IF EXISTS {counts_table(table)}")


def _this(columns: Sequence[str], row: str) -> str:
    return " AND ".join(f'"{c}"=ifnull({row}."{c}", {NO_VALUE})' for c in columns)


def _counted(counts: str, columns: Sequence[str], row: str) -> str:
    values = ", ".join(f'ifnull({row}."{c}", {NO_VALUE})' for c in columns)
    same = _this(columns, row)
    new = f"INSERT INTO {counts} SELECT {values}, 0 WHERE NOT EXISTS (SELECT 1 FROM {counts} WHERE {same}); "
    return new + f"UPDATE {counts} SET n=n+1 WHERE {same}; "


def _taken_off(counts: str, columns: Sequence[str]) -> str:
    return f"UPDATE {counts} SET n=n-1 WHERE {_this(columns, 'OLD')}; "
