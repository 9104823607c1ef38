"""The statements of `queries.sql`, by name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def statements() -> dict[str, str]:
    """Every statement by its name."""
    text = (FOLDER / "queries.sql").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        found[name.strip()] = body.strip()
    return found


def sql(name: str) -> str:
    """One statement; KeyError if there is none of this name."""
    return statements()[name]
