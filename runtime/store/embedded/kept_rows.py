"""What a file keeps beside its rows with every write: counts by columns, and the index of terms."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from sqlite3 import Connection

from runtime.model.stored import Term
from runtime.store.embedded import row_counts, row_terms
from runtime.store.layout import Layout


class KeptRows:
    """Knows what is kept; what it does not know it looks up in the file, which others may have changed."""

    def __init__(
        self,
        file: Callable[[], Connection],
        layout: Callable[[str], Layout],
        stored_name: Callable[[str], str],
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`stored_name` gives the name that a table has in SQLite."""
        self._file = file
        self._layout = layout
        self._stored_name = stored_name
        self._transaction = transaction
        self._counted: set[str] = set()
        self._terms = False

    def counts(self, table: str) -> bool:
        """Whether the rows of a table are counted."""
        if table not in self._counted and self._layout(table).counted:
            if row_counts.keeps_counts(self._file(), self._stored_name(table)):
                self._counted.add(table)
        return table in self._counted

    @property
    def terms(self) -> bool:
        """Whether the index of terms is there."""
        if not self._terms:
            self._terms = row_terms.keeps_terms(self._file())
        return self._terms

    def is_common(self, term: Term) -> bool:
        """Whether more than a few thousand runs have a term."""
        return row_terms.is_common(self._file(), term.kind, term.value, whole=term.whole)

    def ensure(self, table: str) -> None:
        """Keep what the layout of a table asks for from now on; its rows are read once."""
        layout = self._layout(table)
        if layout.counted and not self.counts(table):
            with self._transaction():
                if not row_counts.keeps_counts(self._file(), self._stored_name(table)):
                    row_counts.keep_counts(self._file(), self._stored_name(table), layout.counted)
        if layout.terms and not self.terms:
            with self._transaction():
                if not row_terms.keeps_terms(self._file()):
                    row_terms.keep_terms(self._file(), self._stored_name(table))

    def drop(self, table: str) -> None:
        """A table is dropped, and its triggers with it."""
        row_counts.drop_counts(self._file(), self._stored_name(table))
        if self._layout(table).terms:
            row_terms.drop_terms(self._file())
        self.look_again()

    def look_again(self) -> None:
        """What is kept must be looked up anew."""
        self._counted.clear()
        self._terms = False
