"""Where SQL stands: in one file of named statements for PostgreSQL, in storage and tables of the embedded store."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from runtime.store.postgres.queries import FOLDER, piece, sql, statements

SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WHERE|ORDER BY|VALUES|BEGIN|COMMIT|ROLLBACK|SET|PRAGMA|LIMIT)\b"
)
EMBEDDED = FOLDER.parent / "embedded"
SPEAK_SQL = {"row_storage.py", "row_counts.py", "row_terms.py", "row_words.py", "row_table.py"}
SPEAK_SQL |= {"record_table.py", "query_sql.py"}
"""TinyDB's storage and table over rows, the table of a store, and the SQL of their queries."""
FILES = sorted(FOLDER.glob("*.py"))
MADE = {"order_": "filter_sql.py", "position_": "filter_sql.py", "after_": "filter_sql.py", "place_": "documents.py"}
"""Names that are put together from a word and an order or a table."""


def texts(file: Path) -> list[str]:
    """Every string of a file that is no documentation, those within f-strings too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in told]
    return [n.value for n in found if isinstance(n.value, str)]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_no_python_file_of_the_store_holds_sql(file: Path) -> None:
    assert [text for text in texts(file) if SQL.search(text)] == []


@pytest.mark.parametrize("file", sorted(EMBEDDED.glob("*.py")), ids=lambda f: f.name)
def test_in_the_embedded_store_only_storage_and_tables_hold_sql(file: Path) -> None:
    held = [text for text in texts(file) if SQL.search(text)]
    assert bool(held) is (file.name in SPEAK_SQL), held


@pytest.mark.parametrize("file", sorted(EMBEDDED.glob("*.py")), ids=lambda f: f.name)
def test_in_the_embedded_store_only_storage_and_tables_have_the_connection(file: Path) -> None:
    names = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
    assert file.name in SPEAK_SQL or not names & {"con", "execute", "executemany"}


def test_every_statement_is_used_and_has_one_name() -> None:
    used = {text for file in FOLDER.parents[1].rglob("*.py") for text in texts(file)}
    idle = [n for n in statements() if n not in used and not any(n.startswith(word) for word in MADE)]
    assert idle == []
    names = re.findall(r"^-- name: (.*)$", (FOLDER / "queries.sql").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) == len(set(names))
    for word, file in MADE.items():
        assert word in texts(FOLDER / file)


def test_a_place_takes_names_and_pieces_and_quotes_them() -> None:
    from psycopg.sql import Identifier

    assert piece("tally", table=Identifier('x"; DROP TABLE heads; --')).as_string() == (
        'SELECT count(*) FROM "x""; DROP TABLE heads; --"'
    )
    assert "{" in sql("list_runs")
    with pytest.raises(KeyError):
        piece("list_runs")
