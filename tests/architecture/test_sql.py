"""The SQL of the PostgreSQL store stands in one file of named statements, and every name in it is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from runtime.store.postgres.queries import FOLDER, piece, sql, statements

SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WHERE|ORDER BY|VALUES|BEGIN|COMMIT|ROLLBACK|SET)\b")
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
