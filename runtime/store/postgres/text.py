"""Values as PostgreSQL takes them: documents as JSON text, text without NUL."""

from __future__ import annotations

from typing import Any

import orjson


def text(document: Any) -> str:
    """A document as the JSON text that is stored."""
    return orjson.dumps(document).decode()


def column(value: str) -> str:
    """Text as a column can hold it: PostgreSQL knows no NUL."""
    return value.replace("\x00", "\\0")
