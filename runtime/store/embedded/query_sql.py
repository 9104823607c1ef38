"""TinyDB queries and orders as SQL over the columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

import orjson
from tinydb.queries import Query, QueryInstance, QueryLike

from runtime.store.embedded.row_terms import TABLE
from runtime.store.embedded.row_words import OF_BRANCHES, OF_RUNS, anywhere, condition
from runtime.store.layout import Layout

Sql = tuple[str, list[Any]]
"""A condition, and the values of its places."""
_COMPARED = {"==": "=", "<=": "<=", "<": "<", ">=": ">=", ">": ">"}
_JSON = "CAST(doc AS TEXT)"
LARGEST = 2**63
"""Numbers of documents are smaller than this."""


class Column(Query):
    """A TinyDB query with one test more."""

    def starts_with(self, prefix: str) -> QueryInstance:
        """Text that begins so."""

        def test(value: Any) -> bool:
            return isinstance(value, str) and value.startswith(prefix)

        return self._generate_test(test, ("starts_with", self._path, prefix))

    def has_term(self, kind: str, value: str, *, whole: bool, common: bool = False) -> QueryInstance:
        """The row with this number has a term, as only its index tells; a `common` one is looked up row by row."""

        def test(_: Any) -> bool:
            raise TypeError("Only the index of terms tells which rows have one.")

        return self._generate_test(test, ("has_term", self._path, kind, value, whole, common))

    def is_any_of(self, wanted: Sequence[Any]) -> QueryInstance:
        """One of so many numbers or texts that a statement might not have places for them."""

        def test(value: Any) -> bool:
            return value in wanted

        return self._generate_test(test, ("is_any_of", self._path, tuple(wanted)))

    def has_words(self, columns: Sequence[str], text: str, *, just_so: bool = False) -> QueryInstance:
        """The run with this number may hold a text in these columns of its words, which stand in a narrow table."""

        def test(_: Any) -> bool:
            raise TypeError("Only the narrow table of words tells what a run holds.")

        return self._generate_test(test, ("has_words", self._path, tuple(columns), text, just_so))

    def has_system(self, text: str) -> QueryInstance:
        """The run with this id has a branch that may hold a text in its systems, which stand in a narrow table."""

        def test(_: Any) -> bool:
            raise TypeError("Only the narrow table of branches tells their systems.")

        return self._generate_test(test, ("has_system", self._path, text))

    def mentions(self, text: str, *, just_so: bool = False) -> QueryInstance:
        """Text that holds this lower-case ASCII in any case; where it has letters that others turn into, it may.

        With `just_so` no other letters are thought of.
        """

        def test(value: Any) -> bool:
            return isinstance(value, bytes) and text in value.decode().lower()

        return self._generate_test(test, ("mentions", self._path, text, just_so))

    def in_branches(self, text: str) -> QueryInstance:
        """The run with this id has a branch whose document holds this text."""

        def test(_: Any) -> bool:
            raise TypeError("Only the table of branches tells what stands in them.")

        return self._generate_test(test, ("in_branches", self._path, text))


@cache
def column(name: str) -> Column:
    """The query of one field, from which others are made."""
    return cast(Column, Column()[name])


class Key(NamedTuple):
    """One key of an order; a tuple, because orders are keys of the cache of statements and hashed at every read."""

    field: str
    descending: bool = False
    nothing_last: bool = False
    """Rows without a value come last either way."""

    def sql(self) -> str:
        """It as a part of an ORDER BY."""
        return f'"{self.field}" {"DESC" if self.descending else "ASC"}{" NULLS LAST" if self.nothing_last else ""}'


def tree_of(condition: QueryLike | None) -> Any:
    """The syntax tree of a query of TinyDB 4; None for one that has none, like a function."""
    return getattr(condition, "_hash", None)


def fields_of(tree: Any) -> set[str]:
    """The fields that the tree of a query asks for; those of documents, and of what is no query, as an empty name."""
    if tree is None:
        return set()
    kind, operand, *_ = tree if isinstance(tree, tuple) and tree else (None, None)
    if kind in ("and", "or"):
        return set().union(*(fields_of(one) for one in operand))
    return {str(operand[0])} if isinstance(operand, tuple) and len(operand) == 1 else {""}


def narrow(tree: Any, layout: Layout) -> Sql | None:
    """A condition that every document matching a query satisfies; None if no column can help.

    Whatever it finds is checked again by the query itself.
    """
    if not isinstance(tree, tuple) or not tree:
        return None
    kind = tree[0]
    if kind == "and":
        parts = [part for part in (narrow(one, layout) for one in tree[1]) if part is not None]
        return _joined(" AND ", parts) if parts else None
    if kind == "or":
        either = [narrow(one, layout) for one in tree[1]]
        known = [part for part in either if part is not None]
        return _joined(" OR ", known) if known and len(known) == len(either) else None
    if kind in _COMPARED and len(tree) == 3 and len(tree[1]) == 1:
        name, value = tree[1][0], tree[2]
        fits = {"TEXT": str, "INTEGER": (int, float), "REAL": (int, float)}.get(layout.columns.get(name, ""))
        if fits and isinstance(value, cast(Any, fits)) and not isinstance(value, bool):
            if isinstance(value, int) and abs(value) >= 2**53:
                return None
            if kind == "==" or layout.columns[name] != "TEXT":
                return f'"{name}" {_COMPARED[kind]} ?', [value]
    return None


def over_columns(tree: Any, layout: Layout) -> Sql:
    """A query as a condition over columns alone, for rows whose documents are not looked into.

    A path of two keys, like that of a label, is looked up in the document; one that is no JSON has nothing there.
    Raises ValueError for a query that columns cannot answer.
    """
    kind, operand, *rest = tree if isinstance(tree, tuple) and tree else (None, None)
    if kind in ("and", "or"):
        return _joined(f" {kind.upper()} ", [over_columns(one, layout) for one in operand])
    if kind == "==" and len(operand) == 2:
        found = f"(SELECT value FROM json_each({_JSON}, ?) WHERE key=?)"
        return f"CASE WHEN json_valid({_JSON}) THEN {found}=? ELSE 0 END", [f"$.{operand[0]}", operand[1], rest[0]]
    if kind in _HINTS and operand:
        return _HINTS[kind](*rest)
    if not operand or len(operand) != 1 or not (operand[0] == "doc_id" or operand[0] in layout.columns):
        raise ValueError(f"No column answers {tree!r}.")
    name = f'"{operand[0]}"'
    if kind in _COMPARED:
        return f"{name}{_COMPARED[kind]}?", [int(rest[0]) if isinstance(rest[0], bool) else rest[0]]
    if kind == "is_any_of":
        return f"{name} IN (SELECT value FROM json_each(?))", [orjson.dumps(rest[0]).decode()]
    if kind == "exists":
        return f"{name} IS NOT NULL", []
    if kind == "one_of":
        return f"{name} IN ({','.join('?' * len(rest[0]))})", [*rest[0]]
    if kind == "starts_with":
        # A range and not LIKE, which would take upper for lower case and use no index.
        return f"({name} >= ? AND substr({name}, 1, ?) = ?)", [rest[0], len(rest[0]), rest[0]]
    raise ValueError(f"No column answers {tree!r}.")


def _has_term(kind: str, value: str, whole: bool, common: bool) -> Sql:
    if common:
        here = f"SELECT 1 FROM {TABLE} AS x WHERE x.kind=? AND x.value=? AND x.number=doc_id"
        return f"EXISTS ({here})", [kind, value]
    # A range and not LIKE, which would take upper for lower case and use no index.
    found = "value=?" if whole else "value>=? AND substr(value, 1, ?)=?"
    values = [value] if whole else [value, len(value), value]
    return f"doc_id IN (SELECT number FROM {TABLE} WHERE kind=? AND {found})", [kind, *values]


def _mentions(text: str, just_so: bool) -> Sql:
    # Two letters beyond ASCII become a plain i and k where Python makes them small, and stay as they are here.
    found, values = condition((_JSON,), text, just_so=just_so)
    return f"(status='damaged' OR {found})", [*values]


def _in_branches(text: str) -> Sql:
    return f"id IN (SELECT run_id FROM \"t_branches\" WHERE {_JSON} LIKE ? ESCAPE '\\')", [anywhere(text)]


def _has_words(columns: Sequence[str], text: str, just_so: bool) -> Sql:
    found, values = condition(columns, text, just_so=just_so)
    here = f"SELECT 1 FROM {OF_RUNS} WHERE number=doc_id AND {found}"
    return f"(status='damaged' OR EXISTS ({here}))", [*values]


def _has_system(text: str) -> Sql:
    found, values = condition(("systems",), text, just_so=True)
    return f"EXISTS (SELECT 1 FROM {OF_BRANCHES} WHERE run_id=id AND {found})", [*values]


_HINTS: dict[str, Callable[..., Sql]] = {
    "has_term": _has_term,
    "mentions": _mentions,
    "in_branches": _in_branches,
    "has_words": _has_words,
    "has_system": _has_system,
}
"""Conditions that narrow, by the name of their test."""


def _joined(word: str, parts: Sequence[Sql]) -> Sql:
    return "(" + word.join(text for text, _ in parts) + ")", [value for _, values in parts for value in values]


def after(order: Sequence[Key], values: Sequence[Any]) -> Sql:
    """The condition for rows behind one with these values in an order; no key but the first may be missing there.

    All keys of the order go the same way.
    """
    names = [f'"{key.field}"' for key in order]
    sign = "<" if order[0].descending else ">"
    if values[0] is None:
        others = ", ".join(names[1:])
        return f"({names[0]} IS NULL AND ({others}) {sign} ({_marks(len(names) - 1)}))", [*values[1:]]
    behind = f"({', '.join(names)}) {sign} ({_marks(len(names))})"
    return f"({behind} OR {names[0]} IS NULL)" if order[0].nothing_last else behind, [*values]


def _marks(count: int) -> str:
    return ",".join("?" * count)


def numbered(ids: Iterable[int]) -> Sql:
    """The condition for documents with these numbers, of which there may be more than a statement has places."""
    known = [number for number in ids if -LARGEST <= number < LARGEST]
    return "doc_id IN (SELECT value FROM json_each(?))", [orjson.dumps(known).decode()]
