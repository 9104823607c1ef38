"""The words that a run keeps for life, by which it is found: its workflow, its flow and its labels, in an index.

They are taken from the document by triggers when a row is added or removed. They never change in a row that stays.
"""

from __future__ import annotations

from sqlite3 import Connection

FLOW = "flow"
LABEL = "label:"
"""The name of the label follows."""
TABLE = '"x_runs"'
COMMON = 3_000


def keeps_terms(con: Connection) -> bool:
    """Whether a file has the index."""
    return con.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='x_runs'").fetchone() is not None


def keep_terms(con: Connection, table: str) -> None:
    """Index the rows of a table, and have them indexed from now on; inside a transaction."""
    rows = f'"{table}"'
    con.execute(
        f"CREATE TABLE {TABLE} (kind TEXT NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL, "
        "PRIMARY KEY (kind, value, number)) WITHOUT ROWID"
    )
    terms = _terms(f"{rows}.doc", f"{rows}.workflow", f"{rows}.doc_id", f"FROM {rows}")
    con.execute(f"INSERT INTO {TABLE} {terms}")
    added = _terms("NEW.doc", "NEW.workflow", "NEW.doc_id", "")
    con.execute(f'CREATE TRIGGER "terms_insert" AFTER INSERT ON {rows} BEGIN INSERT INTO {TABLE} {added}; END')
    gone = _terms("OLD.doc", "OLD.workflow", "OLD.doc_id", "")
    con.execute(
        f'CREATE TRIGGER "terms_delete" AFTER DELETE ON {rows} BEGIN '
        f"DELETE FROM {TABLE} WHERE (kind, value, number) IN ({gone}); END"
    )


def is_common(con: Connection, kind: str, value: str, *, whole: bool) -> bool:
    """Whether so many rows have a term, or one that begins so, that they are better looked at in their order."""
    found, values = (
        ("value=?", [value]) if whole else ("value>=? AND substr(value, 1, ?)=?", [value, len(value), value])
    )
    few = f"SELECT 1 FROM {TABLE} WHERE kind=? AND {found} LIMIT {COMMON}"
    return int(con.execute(f"SELECT count(*) FROM ({few})", [kind, *values]).fetchone()[0]) >= COMMON


def drop_terms(con: Connection) -> None:
    """Forget the index; its triggers go with the table of runs."""
    con.execute(f"DROP TABLE IF EXISTS {TABLE}")


def _terms(doc: str, workflow: str, number: str, source: str) -> str:
    """The terms of a row, each once; a document that is no JSON has but its workflow."""
    text = f"CAST({doc} AS TEXT)"
    sound = f"json_valid({text})"
    joined = f"{source}," if source else "FROM"
    return (
        f"SELECT '{FLOW}', ifnull({workflow}, ''), {number} {source} "
        f"UNION SELECT '{FLOW}', ifnull(json_extract({text}, '$.flow_id'), ''), {number} {source} WHERE {sound} "
        f"UNION SELECT '{LABEL}' || found.key, ifnull(found.value, ''), {number} "
        f"{joined} json_each(CASE WHEN {sound} THEN {text} ELSE '{{}}' END, '$.labels') AS found"
    )
