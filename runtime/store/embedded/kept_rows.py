"""What a file keeps beside its rows with every write: counts by columns, the index of terms, words to search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from sqlite3 import Connection

from runtime.model.stored import Term
from runtime.store.embedded import row_counts, row_terms, row_words
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
        self._words = False

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

    @property
    def words(self) -> bool:
        """Whether the narrow tables that searches look into are there."""
        if not self._words:
            self._words = row_words.keeps_words(self._file())
        return self._words

    def few_runs(self, columns: Sequence[str], text: str, *, just_so: bool) -> list[int] | None:
        """Numbers of the runs that may hold a text in these columns of their words; None where there are many."""
        return row_words.few_runs(self._file(), *row_words.condition(columns, text, just_so=just_so))

    def few_by_systems(self, text: str) -> list[str] | None:
        """Ids of the runs of which a branch may hold a text in its systems; None where there are many."""
        return row_words.few_by_branches(self._file(), *row_words.condition(("systems",), text, just_so=True))

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
        if layout.words and not self.words:
            with self._transaction():
                if not row_words.keeps_words_of(self._file(), table):
                    row_words.keep_words(self._file(), table, self._stored_name(table))

    def drop(self, table: str) -> None:
        """A table is dropped, and its triggers with it."""
        row_counts.drop_counts(self._file(), self._stored_name(table))
        if self._layout(table).terms:
            row_terms.drop_terms(self._file())
        if self._layout(table).words:
            row_words.drop_words(self._file(), table)
        self.look_again()

    def look_again(self) -> None:
        """What is kept must be looked up anew."""
        self._counted.clear()
        self._terms = self._words = False
