"""Copies the documents of one store into another: what is missing or differs is written, what is too much removed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from runtime.errors import StoreUnavailable
from runtime.model.facts import HOME, KNOWN
from runtime.store.layout import TABLES
from runtime.store.ports.documents import Documents
from runtime.store.ports.store import Store

PAGE = 500
PLACED = frozenset(fact.key for fact in KNOWN if fact.placed)
"""Facts that belong to one place: who drives it, where its runs went. So do those that begin with `home:`."""
Told = Callable[[str, int, int], None]
Rows = list[tuple[int, dict[str, Any]]]


def copy_tables(one: Store, two: Store, told: Told) -> dict[str, tuple[int, str]]:
    """Copy every table; gives number of documents and checksum of each. `told` hears (table, documents, of).

    Asked again after an interruption it writes only what differs. Raises StoreUnavailable if the copy differs in the
    end.
    """
    done = {table: _copy(one.documents, two.documents, table, told) for table in TABLES if table != "meta"}
    return {**done, "meta": _copy_facts(one, two, told)}


def _copy(one: Documents, two: Documents, table: str, told: Told) -> tuple[int, str]:
    total = one.tally(table)
    ours, theirs = hashlib.sha256(), hashlib.sha256()
    last = count = 0
    told(table, 0, total)
    while page := one.page(table, last, PAGE):
        upto = page[-1][0]
        known = {n: _canonical(d) for n, d in _between(two, table, last, upto)}
        wanted = {n: _canonical(d) for n, d in page}
        if surplus := [n for n in known if n not in wanted]:
            two.drop(table, surplus)
        if missing := [(n, d) for n, d in page if known.get(n) != wanted[n]]:
            two.put(table, missing)
        written = known if not missing else {n: _canonical(d) for n, d in _between(two, table, last, upto)}
        for number, document in wanted.items():
            ours.update(document)
            theirs.update(written.get(number, b""))
        last = upto
        count += len(page)
        told(table, count, max(total, count))
    while surplus := [n for n, _ in two.page(table, last, PAGE)]:
        two.drop(table, surplus)
    if ours.digest() != theirs.digest() or two.tally(table) != count:
        raise StoreUnavailable(f"The copy of {table} differs from its source; nothing is driven from it. Copy again.")
    return count, ours.hexdigest()[:16]


def _copy_facts(one: Store, two: Store, told: Told) -> tuple[int, str]:
    """Facts go by key: their numbers mean nothing, and each store has some of its own."""
    facts = _facts(one.documents)
    for key, value in facts.items():
        if two.facts.get(key) != value:
            two.facts.put(key, value)
    written = _facts(two.documents)
    ours, theirs = (_canonical({key: found.get(key) for key in facts}) for found in (facts, written))
    if ours != theirs:
        raise StoreUnavailable("The copy of meta differs from its source; nothing is driven from it. Copy again.")
    told("meta", len(facts), len(facts))
    return len(facts), hashlib.sha256(ours).hexdigest()[:16]


def _facts(documents: Documents) -> dict[str, Any]:
    found = {d["key"]: d["value"] for _, d in _between(documents, "meta", 0, None)}
    return {key: value for key, value in found.items() if key not in PLACED and not key.startswith(HOME)}


def _between(documents: Documents, table: str, after: int, upto: int | None) -> Rows:
    """Documents with numbers above `after` and not above `upto`."""
    found: Rows = []
    while page := documents.page(table, after, PAGE):
        after = page[-1][0]
        found += [(n, d) for n, d in page if upto is None or n <= upto]
        if upto is not None and after >= upto:
            break
    return found


def _canonical(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
