"""Filters of runs as TinyDB queries over columns, and the orders of lists."""

from __future__ import annotations

from collections.abc import Iterator

from tinydb.queries import QueryInstance

from runtime.model.stored import Hints, RunFilter
from runtime.store.embedded.kept_rows import KeptRows
from runtime.store.embedded.query_sql import Key, column

FIELDS = {
    "created_at": "created_ts",
    "updated_at": "updated_ts",
    "next_wake_at": "wake_ts",
    "attention": "attention",
    "id": "id",
}
"""The column of each order."""


def query_of(where: RunFilter | None, kept: KeptRows) -> QueryInstance | None:
    """The query that finds the runs of a filter, with what is kept beside the rows; None finds all."""
    if where is None:
        return None
    parts: list[QueryInstance] = []
    if where.statuses:
        parts.append(column("status").one_of(sorted(str(status) for status in where.statuses)))
    if where.workflow is not None:
        parts.append(column("workflow") == where.workflow)
    parts += [column("labels")[name] == value for name, value in where.labels.items()]
    if where.held is not None:
        parts.append(column("held") == where.held)
    if where.attention_below is not None:
        parts.append(column("attention") < where.attention_below)
    if where.older_than is not None:
        parts.append(column("updated_ts") < where.older_than.timestamp())
    parts += _narrowing(where.hints, kept)
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole &= part
    return whole


def _narrowing(hints: Hints, kept: KeptRows) -> Iterator[QueryInstance]:
    if hints.statuses:
        yield column("status").one_of(sorted(hints.statuses))
    if hints.ids:
        yield column("id").one_of(list(hints.ids))
    for name, after, before in (
        ("created_ts", hints.created_after, hints.created_before),
        ("wake_ts", hints.wake_after, hints.wake_before),
    ):
        if after is not None:
            yield column(name) >= after.timestamp()
        if before is not None:
            yield column(name) <= before.timestamp()
    for term in hints.terms if kept.terms else ():
        common = kept.is_common(term)
        # How a common one begins narrows nothing: a page of it is soon full.
        if term.whole or not common:
            yield column("doc_id").has_term(term.kind, term.value, whole=term.whole, common=common)
    yield from _texts(hints, kept) if kept.words else _documents(hints)


def _texts(hints: Hints, kept: KeptRows) -> Iterator[QueryInstance]:
    """Of a text that few hold all numbers are read first; what many hold is soon met in the order of the list."""
    looked = (
        *((("said",), text, False) for text in hints.said),
        *((("said", "named"), text, False) for text in hints.texts),
        *((("flags",), text, True) for text in hints.marks),
    )
    for columns, text, just_so in looked:
        numbers = kept.few_runs(columns, text, just_so=just_so)
        if numbers is None:
            yield column("doc_id").has_words(columns, text, just_so=just_so)
        else:
            yield column("doc_id").is_any_of(numbers)
    for text in hints.branch_texts:
        ids = kept.few_by_systems(text)
        yield column("id").has_system(text) if ids is None else column("id").is_any_of(ids)


def _documents(hints: Hints) -> Iterator[QueryInstance]:
    """The same in a file of before that may only be read."""
    for text in (*hints.said, *hints.texts):
        yield column("doc").mentions(text)
    for text in hints.marks:
        yield column("doc").mentions(text, just_so=True)
    for text in hints.branch_texts:
        yield column("id").in_branches(text)


def keyset(order: str, *, descending: bool) -> tuple[Key, ...]:
    """The keys of one of the orders, ties by id; runs without a wake come last either way."""
    first = Key(FIELDS[order], descending, nothing_last=order == "next_wake_at")
    return (first,) if order == "id" else (first, Key("id", descending))


def list_order(order: str, *, descending: bool) -> tuple[Key, ...]:
    """The same for whole lists, where of equal `attention` the last changed come first."""
    first, *ties = keyset(order, descending=descending)
    return (first, Key("updated_ts", descending=True), *ties) if order == "attention" else (first, *ties)
