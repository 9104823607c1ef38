"""The statements of `queries.sql`, by name; some have places for pieces, which are named there too."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from psycopg.sql import SQL, Composable, Composed

FOLDER = Path(__file__).parent


@cache
def statements() -> dict[str, str]:
    """Every statement by its name."""
    text = (FOLDER / "queries.sql").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        found[name.strip()] = re.sub(r"^--.*\n?", "", body, flags=re.MULTILINE).strip()
    return found


def sql(name: str) -> str:
    """One statement; KeyError if there is none of this name."""
    return statements()[name]


def piece(name: str, **places: Composable) -> Composed:
    """A statement, or a part of one, with its places filled; names are quoted, so that nothing can slip in."""
    text: Any = statements()[name]
    return SQL(text).format(**places)
