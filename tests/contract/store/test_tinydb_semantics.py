"""TinyDB over rows means what stock TinyDB over a JSON file means: same operations, same answers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tinydb import TinyDB, where
from tinydb.operations import decrement, delete, increment, set
from tinydb.table import Document

from runtime.store.embedded.row_table import RowDB
from runtime.store.layout import LAYOUTS

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(["", "a", "b"]),
    st.lists(st.integers(0, 2), max_size=2),
)
DOCUMENTS = st.dictionaries(st.sampled_from(["status", "wake_ts", "x"]), VALUES, max_size=3)
QUERIES = st.one_of(
    st.builds(lambda k, v: where(k) == v, st.sampled_from(["status", "wake_ts", "x"]), VALUES),
    st.builds(lambda v: where("status") == v, st.sampled_from(["a", "b"])),
    st.builds(lambda v: where("wake_ts").test(lambda n: isinstance(n, int) and n <= v), st.integers(-3, 3)),
    st.builds(lambda k: where(k).exists(), st.sampled_from(["status", "x"])),
    st.builds(lambda k: ~where(k).exists(), st.sampled_from(["status", "x"])),
    st.builds(lambda v: (where("status") == "a") & (where("x") == v), VALUES),
    st.builds(lambda v: (where("status") == "a") | (where("wake_ts") == v), st.integers(-3, 3)),
    st.builds(lambda v: where("status").one_of(v), st.lists(st.sampled_from(["a", "b"]), max_size=2)),
)
STEPS = st.one_of(
    st.tuples(st.just("insert"), DOCUMENTS),
    st.tuples(st.just("insert_as"), DOCUMENTS, st.integers(1, 8)),
    st.tuples(st.just("insert_multiple"), st.lists(DOCUMENTS, max_size=3)),
    st.tuples(st.just("search"), QUERIES),
    st.tuples(st.just("get"), QUERIES),
    st.tuples(st.just("count"), QUERIES),
    st.tuples(st.just("contains"), QUERIES),
    st.tuples(st.just("get_id"), st.integers(1, 8)),
    st.tuples(st.just("update"), DOCUMENTS, QUERIES),
    st.tuples(st.just("update_all"), DOCUMENTS),
    st.tuples(st.just("update_ids"), DOCUMENTS, st.lists(st.integers(1, 8), max_size=3)),
    st.tuples(st.just("operate"), st.sampled_from(["set", "delete", "increment", "decrement"]), QUERIES),
    st.tuples(st.just("upsert"), DOCUMENTS, QUERIES),
    st.tuples(st.just("remove"), QUERIES),
    st.tuples(st.just("remove_ids"), st.lists(st.integers(1, 8), max_size=3)),
    st.tuples(st.just("truncate")),
    st.tuples(st.just("drop_tables")),
    st.tuples(st.just("other_table"), DOCUMENTS),
)
OPERATIONS = {
    "set": set("x", 1),
    "delete": delete("x"),
    "increment": increment("wake_ts"),
    "decrement": decrement("wake_ts"),
}


def play(database: TinyDB, table_name: str, step: tuple[Any, ...]) -> Any:
    """One operation and all that can be seen after it; an error is an answer too."""
    table = database.table(table_name)
    kind, *given_ = step
    calls: dict[str, Any] = {
        "insert": lambda d: table.insert(d),
        "insert_as": lambda d, i: table.insert(Document(d, i)),
        "insert_multiple": lambda ds: table.insert_multiple(ds),
        "search": lambda q: seen(table.search(q)),
        "get": lambda q: (found := table.get(q)) and (found.doc_id, dict(found)),
        "count": lambda q: table.count(q),
        "contains": lambda q: table.contains(q),
        "get_id": lambda i: table.get(doc_id=i),
        "update": lambda d, q: sorted(table.update(d, q)),
        "update_all": lambda d: sorted(table.update(d)),
        "update_ids": lambda d, i: sorted(table.update(d, doc_ids=i)),
        "operate": lambda name, q: sorted(table.update(OPERATIONS[name], q)),
        "upsert": lambda d, q: sorted(table.upsert(d, q)),
        "remove": lambda q: sorted(table.remove(q)),
        "remove_ids": lambda i: sorted(table.remove(doc_ids=i)),
        "truncate": lambda: table.truncate(),
        "drop_tables": lambda: database.drop_tables(),
        "other_table": lambda d: database.table("other").insert(d),
    }
    try:
        answer = calls[kind](*given_)
    except Exception as problem:
        answer = type(problem).__name__
    now = database.table(table_name)
    return answer, seen(now.all()), len(now), seen(list(now)), seen(database.table("other").all())


def seen(documents: list[Any]) -> list[Any]:
    return sorted(((d.doc_id, dict(d)) for d in documents), key=lambda pair: pair[0])


@given(st.lists(STEPS, max_size=14), st.sampled_from(["plain", "acts"]))
@settings(max_examples=120, deadline=None)
def test_the_same_operations_give_the_same_answers(steps: list[tuple[Any, ...]], table: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stock, rows = TinyDB(Path(folder) / "stock.json"), RowDB(":memory:", layouts=LAYOUTS)
        for step in steps:
            assert play(rows, table, step) == play(stock, table, step), step
        stock.close()
        rows.close()
