"""What a search looks into, beside the rows in narrow tables: words and flags of runs, and the systems of branches.

They are taken from the documents by triggers with every write, whoever writes. What cannot be read has none and may
match anything, so a search never leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any, NamedTuple

OF_RUNS = '"w_runs"'
"""`said` has why and failure, `named` what else a text may be found in, `flags` the marks of flags."""
OF_BRANCHES = '"w_branches"'
"""`systems` has the system of the last work of a branch, as its document has it."""
FEW = 3_000
"""So many that match are looked up at once; where more do, a page of them is soon full."""
BECOME_PLAIN = "\u0130\u212a"
"""Letters that become a plain i and k where Python makes them small, and stay as they are in SQLite."""
_MARKED = ("is_stale", "is_lost", "is_expired", "is_late", "simulated")


class Kept(NamedTuple):
    """A narrow table: its columns, each with the expression over a document of sound JSON `{d}`."""

    table: str
    columns: tuple[tuple[str, str], ...]
    of_row: tuple[str, ...] = ()
    """Columns of the row that it has too."""


def _flag(name: str) -> str:
    return f"CASE WHEN json_extract({{d}}, '$.{name}') THEN '\"{name}\":true' ELSE '' END"


KEPT = {
    "runs": Kept(
        OF_RUNS,
        (
            ("said", "json_extract({d}, '$.why', '$.failure.message')"),
            ("named", "json_extract({d}, '$.id', '$.workflow', '$.flow_id', '$.status', '$.labels')"),
            ("flags", " || ".join([*map(_flag, _MARKED), "ifnull(json_extract({d}, '$.branch_counts'), '')"])),
        ),
    ),
    "branches": Kept(
        OF_BRANCHES,
        (
            (
                "systems",
                "CASE WHEN json_array_length({d}, '$.steps')=0 THEN '' "
                "WHEN json_extract({d}, '$.steps[#-1].visit')=json_extract({d}, '$.visit') THEN "
                '\'"external_system":"\' || '
                "ifnull(json_extract({d}, '$.steps[#-1].attempts[#-1].external_system'), '') || '\"' END",
            ),
        ),
        ("run_id",),
    ),
}


def keeps_words(con: Connection) -> bool:
    """Whether a file has all narrow tables."""
    return all(keeps_words_of(con, table) for table in KEPT)


def keeps_words_of(con: Connection, table: str) -> bool:
    """Whether a file has the narrow table of a table."""
    name = KEPT[table].table.strip('"')
    return con.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (name,)).fetchone() is not None


def keep_words(con: Connection, table: str, stored_name: str) -> None:
    """Read the rows of a table once, and have its words kept from now on; inside a transaction."""
    kept, rows = KEPT[table], f'"{stored_name}"'
    columns = [*(name for name, _ in kept.columns), *kept.of_row]
    made = ", ".join(f"{name} TEXT" for name in columns)
    con.execute(f"CREATE TABLE {kept.table} (number INTEGER PRIMARY KEY, {made})")
    con.execute(f"INSERT INTO {kept.table} SELECT {rows}.doc_id, {_values(kept, rows)} FROM {rows}")
    for name in kept.of_row:  # they never change in a row that stays
        con.execute(f'CREATE INDEX "words_{table}_{name}" ON {kept.table} ({name})')
    changes = ", ".join(f"{name}={value}" for (name, _), value in zip(kept.columns, _each(kept, "NEW"), strict=False))
    for name, event, body in (
        ("insert", "AFTER INSERT", f"INSERT INTO {kept.table} VALUES (NEW.doc_id, {_values(kept, 'NEW')})"),
        ("update", "AFTER UPDATE OF doc", f"UPDATE {kept.table} SET {changes} WHERE number=NEW.doc_id"),
        ("delete", "AFTER DELETE", f"DELETE FROM {kept.table} WHERE number=OLD.doc_id"),
    ):
        con.execute(f'CREATE TRIGGER "words_{name}_{table}" {event} ON {rows} BEGIN {body}; END')


def drop_words(con: Connection, table: str) -> None:
    """Forget the words of a table that is dropped; its triggers go with it."""
    con.execute(f"DROP TABLE IF EXISTS {KEPT[table].table}")


def condition(columns: Sequence[str], text: str, *, just_so: bool) -> tuple[str, list[str]]:
    """What rows of a narrow table meet that may hold a text in one of these columns, and the values of its places.

    `just_so` texts stand there as they are; others may have letters that Python makes plain and SQLite does not.
    """
    # LIKE takes upper for lower case, and takes a quarter of the time of any other way to look into a text.
    patterns = [anywhere(text), *(f"%{sign}%" for sign in BECOME_PLAIN if not just_so and sign.lower()[0] in text)]
    either = [f"{name} LIKE ? ESCAPE '\\'" for name in columns for _ in patterns]
    return f"({columns[0]} IS NULL OR {' OR '.join(either)})", patterns * len(columns)


def anywhere(text: str) -> str:
    """The pattern of LIKE for what holds a text."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def few_runs(con: Connection, condition: str, values: Sequence[str]) -> list[int] | None:
    """Numbers of the runs with words that meet a condition, and of damaged ones; None where there are many."""
    damaged = "SELECT doc_id FROM \"t_runs\" WHERE status='damaged'"  # lists say other words of them
    return _few(con, f"SELECT number FROM {OF_RUNS} WHERE {condition} UNION ALL {damaged} LIMIT {FEW}", values)


def few_by_branches(con: Connection, condition: str, values: Sequence[str]) -> list[str] | None:
    """Ids of the runs with a branch that meets a condition; None where there are many."""
    return _few(con, f"SELECT run_id FROM {OF_BRANCHES} WHERE {condition} LIMIT {FEW}", values)


def _few(con: Connection, text: str, values: Sequence[str]) -> list[Any] | None:
    found = [one for (one,) in con.execute(text, [*values])]
    return found if len(found) < FEW else None


def _each(kept: Kept, row: str) -> list[str]:
    text = f"CAST({row}.doc AS TEXT)"
    sound = f"json_valid({text})"
    found = [f"CASE WHEN {sound} THEN {expression.format(d=text)} END" for _, expression in kept.columns]
    return [*found, *(f"{row}.{name}" for name in kept.of_row)]


def _values(kept: Kept, row: str) -> str:
    return ", ".join(_each(kept, row))
