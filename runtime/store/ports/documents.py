"""Documents by table and number, as they are exported, imported, copied and examined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

Document = Mapping[str, Any]


class Documents(Protocol):
    """Every table the same way; `runtime.store.layout.TABLES` names them."""

    def export(self) -> Iterator[tuple[str, int, Document]]:
        """Every document as (table, number, document); Damaged at one that is no JSON object."""
        ...

    def page(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any]]]:
        """Documents of a table with numbers above `after`, in order."""
        ...

    def raw(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any], Any]]:
        """Rows of a table with numbers above `after`: number, columns, and the document as it lies there."""
        ...

    def tally(self, table: str) -> int:
        """How many documents a table has."""
        ...

    def put(self, table: str, rows: Sequence[tuple[int, Document]]) -> None:
        """Write documents with their numbers, in place of those that are there already."""
        ...

    def drop(self, table: str, numbers: Sequence[int]) -> None:
        """Remove documents by number."""
        ...

    def restore(self, tables: Mapping[str, Mapping[str, Document]]) -> None:
        """Add exported documents in one transaction; Refused if a run id exists already."""
        ...

    def integrity(self) -> list[str]:
        """What the database's own check of its files finds, where it has one; empty when they are sound."""
        ...

    def sizes(self) -> tuple[int, int]:
        """Bytes of the data, and of the log beside it."""
        ...
