"""Reading a whole store page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from runtime.store.layout import TABLES


class Pages(Protocol):
    """Documents of a table in order of their numbers."""

    def page(self, table: str, after: int) -> list[tuple[int, dict[str, Any]]]:
        """Documents with numbers above `after`; empty when there are no more."""
        ...


def every_document(pages: Pages) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Every document as (table, number, document), table by table."""
    for table in TABLES:
        last = 0
        while rows := pages.page(table, last):
            for number, document in rows:
                yield table, number, document
            last = rows[-1][0]
