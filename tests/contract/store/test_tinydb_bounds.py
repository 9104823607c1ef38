"""Odd numbers, taken keys, names that differ in case only and very many ids mean what they mean in stock TinyDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB, where
from tinydb.operations import increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document, Table

from runtime.store.embedded.row_table import RowDB
from runtime.store.embedded.store import memory_store
from runtime.store.layout import LAYOUTS, Layout

NOT_A_NUMBER = float("nan")
ODD: list[Any] = [
    *(NOT_A_NUMBER, float("inf"), -float("inf"), 1.5, 1.0, -0.0, 1e30, Decimal(1), Fraction(1, 2), 1 + 0j),
    *(True, False, None, "1", "01", " 1", "x", "", b"1", 2**63, -(2**63), -(2**70), 10**400, -1, 0, (1,), [1], object),
]
"""Ids of every kind that somebody may give by mistake."""
CALLS: dict[str, Callable[[Table, Any], Any]] = {
    "get": lambda table, number: table.get(doc_id=number),
    "get, one of some": lambda table, number: table.get(doc_ids=[number, 2]),
    "contains": lambda table, number: table.contains(doc_id=number),
    "update": lambda table, number: table.update({"n": 7}, doc_ids=[number]),
    "update by a function": lambda table, number: table.update(increment("n"), doc_ids=[2, number]),
    "remove": lambda table, number: table.remove(doc_ids=[number]),
    "remove one twice": lambda table, number: table.remove(doc_ids=[number, number]),
}


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[RowDB]:
    made = RowDB(tmp_path / "store.db")
    yield made
    made.close()


@pytest.fixture
def stock() -> TinyDB:
    return TinyDB(storage=MemoryStorage)


def answered(call: Callable[[], Any], table: Table) -> Any:
    """What a call gives, numbers of documents too, or the kind of its error; and the table after it."""
    try:
        answer = call()
    except Exception as problem:
        answer = type(problem)
    documents = answer if isinstance(answer, list) else [answer]
    numbers = [repr(document.doc_id) for document in documents if isinstance(document, Document)]
    return repr(answer), numbers, [(document.doc_id, dict(document)) for document in table]


@pytest.mark.parametrize("number", ODD, ids=lambda number: repr(number)[:20])
@pytest.mark.parametrize("call", CALLS)
def test_odd_ids_mean_what_they_mean_in_tinydb(ours: RowDB, stock: TinyDB, call: str, number: Any) -> None:
    answers = []
    for database in (ours, stock):
        table = database.table("a")
        table.insert_multiple({"n": n} for n in range(3))
        answers.append(answered(lambda table=table: CALLS[call](table, number), table))  # type: ignore[misc]
    assert answers[0] == answers[1]


INSERTS: dict[str, list[Callable[[Table], Any]]] = {
    "a number twice": [lambda t: t.insert(Document({"n": 1}, 5)), lambda t: t.insert(Document({"n": 2}, 5))],
    "a number twice at once": [lambda t: t.insert_multiple([Document({"n": 1}, 5), Document({"n": 2}, 5)])],
    "a number that was given": [lambda t: t.insert({"n": 1}), lambda t: t.insert(Document({"n": 2}, 1))],
    "then one without a number": [
        lambda t: t.insert(Document({"n": 1}, 5)),
        lambda t: t.insert(Document({"n": 2}, 5)),
        lambda t: t.insert({"n": 3}),
    ],
    "a key twice": [lambda t: t.insert({"id": "a"}), lambda t: t.insert({"id": "a"})],
    "a key twice at once": [lambda t: t.insert_multiple([{"id": "a"}, {"id": "a"}])],
    "a key twice by a change": [
        lambda t: t.insert_multiple([{"id": "a"}, {"id": "b"}]),
        lambda t: t.update({"id": "a"}),
        lambda t: t.upsert({"id": "a", "n": 1}, where("id") == "a"),
    ],
}


@pytest.mark.parametrize("story", INSERTS)
@pytest.mark.parametrize("name", ["runs", "acts", "a"])
def test_what_is_taken_is_refused_where_tinydb_refuses_it(ours: RowDB, stock: TinyDB, story: str, name: str) -> None:
    for call in INSERTS[story]:
        answers = []
        for database in (ours, stock):
            table = database.table(name)
            answers.append(answered(lambda call=call, table=table: call(table), table))  # type: ignore[misc]
        assert answers[0] == answers[1]


@pytest.mark.parametrize("layouts", [{}, LAYOUTS], ids=["plain", "with columns"])
def test_more_ids_than_one_statement_takes(tmp_path: Path, stock: TinyDB, layouts: dict[str, Layout]) -> None:
    ours = RowDB(tmp_path / "store.db", layouts=layouts)
    many = list(range(-10, 300_000))
    for call in (
        lambda table: table.insert_multiple({"n": n} for n in range(3)),
        lambda table: table.get(doc_ids=many),
        lambda table: table.update({"n": 7}, doc_ids=many),
        lambda table: table.insert_multiple(Document({"n": n}, doc_id=n) for n in range(10, 1_010)),
        lambda table: table.remove(doc_ids=many),
    ):
        answers = [answered(lambda t=t, call=call: call(t), t) for t in (ours.table("acts"), stock.table("acts"))]  # type: ignore[misc]
        assert answers[0] == answers[1]
    ours.close()


def test_a_lookup_takes_more_keys_than_one_statement() -> None:
    store = memory_store()
    store.facts.put("k", 1)
    assert store.listing.numbers([f"r{n}" for n in range(300_000)]) == {}
    assert store.runs.remove([f"r{n}" for n in range(300_000)]) == 0
    assert store.listing.rows_at(range(300_000))[:2] == [None, None]


def test_tables_that_differ_in_case_only_are_two(ours: RowDB, stock: TinyDB) -> None:
    names = ["ab", "Ab", "aB", "AB", "^ab", "^^a", "é", "É", "a b", 'q"']
    for name in names:
        for database in (ours, stock):
            database.table(name).insert({"name": name})
    assert ours.tables() == stock.tables() == set(names)
    for name in names:
        assert [dict(d) for d in ours.table(name)] == [{"name": name}]
    ours.drop_table("AB")
    assert ours.tables() == set(names) - {"AB"}


def test_in_a_table_of_a_store_a_key_that_is_taken_is_refused_and_nothing_is_lost() -> None:
    store = memory_store()
    runs = store.database.table("runs")
    runs.insert(Document({"id": "a", "n": 1}, doc_id=5))
    with pytest.raises(ValueError, match="5"):
        runs.insert(Document({"id": "b"}, doc_id=5))
    with pytest.raises(ValueError, match="has a id that another has"):
        runs.insert({"id": "a", "n": 2})
    with pytest.raises(ValueError):
        runs.insert_multiple([{"id": "c"}, {"id": "a"}])
    with pytest.raises(ValueError):
        runs.insert(Document({"id": "z"}, doc_id=2**70))
    assert [dict(d) for d in runs] == [{"id": "a", "n": 1}]
    runs.insert({"id": "b"})
    runs.update(lambda d: d.update(id={"a": "b", "b": "a"}[d["id"]]))
    assert [d["id"] for d in runs] == ["b", "a"], "keys may change places in one commit"
