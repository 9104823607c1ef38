"""The tables of a store: TinyDB tables with ordered pages, counts by field, and many documents in one commit."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from tinydb.queries import QueryLike

from runtime.store.embedded.query_sql import Key, after, fields_of, over_columns, tree_of
from runtime.store.embedded.row_counts import counts_table
from runtime.store.embedded.row_storage import stored_name
from runtime.store.embedded.row_table import RowTable

PART = 500
"""So many values stand in one statement."""
CHUNK = 20_000
"""So many rows are taken at once from a long answer."""
Row = tuple[Any, ...]
Fields = tuple[str, ...]
Keys = tuple[Key, ...]
BY_NUMBER = (Key("doc_id"),)


class RecordTable(RowTable):
    """Rows of a table whose layout has columns; a document is the bytes of its JSON, read by whoever asks.

    Fields are columns, `doc_id` and `doc`. Queries are TinyDB's, over columns alone: a document that cannot be read
    is found like any other. What writes is called inside a transaction of the storage.
    """

    @cached_property
    def _in_sql(self) -> str:
        return self.rows.quoted(self.name)

    @cached_property
    def _counts_in_sql(self) -> str:
        return counts_table(stored_name(self.name))

    def _where(self, cond: QueryLike | None) -> tuple[str, list[Any]]:
        if cond is None:
            return "", []
        text, values = over_columns(tree_of(cond), self.rows.layout(self.name))
        return f" WHERE {text}", values

    def select(
        self,
        fields: Fields,
        cond: QueryLike | None = None,
        *,
        order: Keys = BY_NUMBER,
        behind: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """These fields of the rows that match, in order: a page of at most `limit`.

        `behind` has the values that the last row of the page before has for the keys of the order.
        """
        where, values = self._where(cond)
        if behind:
            text, more = after(order, behind)
            where, values = f"{where} AND {text}" if where else f" WHERE {text}", [*values, *more]
        text = _selection(self._in_sql, fields, where, order)
        if limit is not None:
            text, values = f"{text} LIMIT ?", [*values, limit]
        with self.rows.lock:
            return self.rows.con.execute(text, values).fetchall()

    def select_any(self, fields: Fields, field: str, wanted: Sequence[Any]) -> list[Row]:
        """These fields of the rows whose `field` is one of the wanted, by number in parts of 500."""
        found: list[Row] = []
        with self.rows.lock:
            for first in range(0, len(wanted), PART):
                part = wanted[first : first + PART]
                text = _selection_any(self._in_sql, fields, field, len(part))
                found += self.rows.con.execute(text, part).fetchall()
        return found

    def numbers_in_order(
        self,
        cond: QueryLike | None,
        order: Keys,
        *,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> array[int]:
        """Numbers of the documents that match, 8 bytes each; `stop` is asked now and then and ends it early."""
        where, values = self._where(cond)
        text = _selection(self._in_sql, ("doc_id",), where, order)
        if limit is not None:
            text, values = f"{text} LIMIT ?", [*values, limit]
        found = array("q")
        with self.rows.lock:
            cursor = self.rows.con.execute(text, values)
            while part := cursor.fetchmany(CHUNK):
                found.extend([number for (number,) in part])
                if stop is not None and stop():
                    break
        return found

    def count_rows(self, cond: QueryLike | None = None) -> int:
        """How many rows match; read from the kept counts where these can tell."""
        where, values = self._where(cond)
        counted = self.rows.layout(self.name).counted
        with self.rows.lock:
            if counted and fields_of(tree_of(cond)) <= {*counted} and self.rows.kept.counts(self.name):
                return self._sum(f"SELECT sum(n) FROM {self._counts_in_sql}{where}", values)
            return int(self.rows.con.execute(f"SELECT count(*) FROM {self._in_sql}{where}", values).fetchone()[0])

    def count_by(self, field: str) -> dict[Any, int]:
        """How many rows have each value of a field; read from the kept counts where these can tell."""
        text = f'SELECT "{field}", count(*) FROM {self._in_sql} GROUP BY "{field}"'
        with self.rows.lock:
            if field in self.rows.layout(self.name).counted and self.rows.kept.counts(self.name):
                text = f'SELECT "{field}", sum(n) FROM {self._counts_in_sql} GROUP BY "{field}" HAVING sum(n)>0'
            return dict(self.rows.con.execute(text).fetchall())

    def _sum(self, text: str, values: Sequence[Any]) -> int:
        return int(self.rows.con.execute(text, values).fetchone()[0] or 0)

    def highest_number(self) -> int:
        """The highest number of a document; 0 in an empty table."""
        with self.rows.lock:
            return self.rows.con.execute(f"SELECT max(doc_id) FROM {self._in_sql}").fetchone()[0] or 0

    def add(self, fields: Fields, rows: Sequence[Row]) -> None:
        """Add rows under new numbers; sqlite3.IntegrityError where one has the key of another."""
        if rows:
            self.rows.con.executemany(_insertion("INSERT", self._in_sql, fields), rows)

    def add_new(self, fields: Fields, row: Row) -> bool:
        """Add a row unless its key is taken; returns whether it was added."""
        return self.rows.con.execute(_insertion("INSERT OR IGNORE", self._in_sql, fields), row).rowcount == 1

    def put(self, fields: Fields, rows: Sequence[Row]) -> None:
        """Add rows; one whose key is taken replaces what the row with that key has in these fields."""
        if rows:
            text = _replacement(self._in_sql, fields, self.rows.layout(self.name).unique)
            self.rows.con.executemany(text, rows)

    def put_documents(self, documents: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Write documents with their numbers, in place of those that have the number or a key of theirs."""
        self.rows.put(self.name, list(documents))

    def change(self, fields: Fields, values: Row, *, where: Fields, equal: Row) -> bool:
        """Give new values to the rows that have these for other fields; returns whether there were any."""
        return self.rows.con.execute(_change(self._in_sql, fields, where), (*values, *equal)).rowcount > 0

    def discard(self, cond: QueryLike) -> int:
        """Remove the rows that match; returns how many."""
        where, values = self._where(cond)
        return self.rows.con.execute(f"DELETE FROM {self._in_sql}{where}", values).rowcount

    def discard_each(self, fields: Fields, rows: Sequence[Row]) -> int:
        """Remove the rows that have the values of one of `rows` for these fields; returns how many."""
        return self.rows.con.executemany(f"DELETE FROM {self._in_sql} WHERE {_all_equal(fields)}", rows).rowcount

    def trim(self, group: Fields, field: str, bounds: Sequence[Row]) -> None:
        """Remove the rows of each group whose `field` is not above its bound: values of the group, and the bound."""
        if bounds:
            text = f'DELETE FROM {self._in_sql} WHERE {_all_equal(group)} AND "{field}"<=?'
            self.rows.con.executemany(text, bounds)


@cache
def _selection(table: str, fields: Fields, where: str, order: Keys) -> str:
    keys = ", ".join(key.sql() for key in order)
    return f"SELECT {_names(fields)} FROM {table}{where} ORDER BY {keys}"


@cache
def _selection_any(table: str, fields: Fields, field: str, count: int) -> str:
    return f'SELECT {_names(fields)} FROM {table} WHERE "{field}" IN ({_marks(count)}) ORDER BY doc_id'


@cache
def _insertion(verb: str, table: str, fields: Fields) -> str:
    return f"{verb} INTO {table}({_names(fields)}) VALUES({_marks(len(fields))})"


@cache
def _replacement(table: str, fields: Fields, key: Fields) -> str:
    changes = ", ".join(f'"{name}"=excluded."{name}"' for name in fields if name not in key)
    return f"{_insertion('INSERT', table, fields)} ON CONFLICT({_names(key)}) DO UPDATE SET {changes}"


@cache
def _change(table: str, fields: Fields, where: Fields) -> str:
    changes = ", ".join(f'"{name}"=?' for name in fields)
    return f"UPDATE {table} SET {changes} WHERE {_all_equal(where)}"


def _names(fields: Fields) -> str:
    return ", ".join(f'"{name}"' for name in fields)


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _all_equal(fields: Fields) -> str:
    return " AND ".join(f'"{name}"=?' for name in fields)
