"""Odd numbers, taken keys, names that differ in case only and very many ids mean what they mean in stock TinyDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB
from tinydb.storages import MemoryStorage
from tinydb.table import Document

from runtime.store.embedded.row_table import RowDB
from runtime.store.embedded.store import memory_store

ODD: list[Any] = [float("nan"), float("inf"), 1.5, 1.0, True, "1", "01", " 1", "x", 2**63, -(2**70), 10**400, -1, b"1"]


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[RowDB]:
    made = RowDB(tmp_path / "store.db")
    yield made
    made.close()


@pytest.mark.parametrize("number", ODD, ids=repr)
def test_odd_numbers_find_what_they_find_in_tinydb(ours: RowDB, number: Any) -> None:
    stock = TinyDB(storage=MemoryStorage)
    for database in (ours, stock):
        database.table("a").insert({"n": 1})
    there = stock.table("a").get(doc_id=number)
    assert ours.table("a").get(doc_id=number) == there
    assert ours.table("a").contains(doc_id=number) is (there is not None)


def test_more_ids_than_one_statement_takes(ours: RowDB) -> None:
    table = ours.table("a")
    table.insert_multiple({"n": n} for n in range(3))
    many = list(range(1, 300_001))
    assert len(table.get(doc_ids=many)) == 3
    assert len(table.update({"n": 7}, doc_ids=[1, 2, 3])) == 3
    table.insert_multiple(Document({"n": n}, doc_id=n) for n in range(10, 1_010))
    assert len(table) == 1_003


def test_tables_that_differ_in_case_only_are_two(ours: RowDB) -> None:
    names = ["ab", "Ab", "aB", "AB", "^ab", "^^a", "é", "É", "a b", 'q"']
    for name in names:
        ours.table(name).insert({"name": name})
    assert ours.tables() == set(names)
    for name in names:
        assert [dict(d) for d in ours.table(name)] == [{"name": name}]
    ours.drop_table("AB")
    assert ours.tables() == set(names) - {"AB"}


def test_a_number_or_a_key_that_is_taken_is_refused_and_nothing_is_lost() -> None:
    store = memory_store()
    runs = store.tinydb().table("runs")
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
