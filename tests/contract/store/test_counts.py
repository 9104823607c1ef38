"""Counts are kept with every write: whatever was written, and however it ended, they are what a counting gives."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tinydb import where

from runtime.assembly.location import open_store
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Save
from runtime.store.embedded.store import open_file
from runtime.store.layout import FORMAT
from runtime.store.ports.store import Store
from runtime.store.run_document import run_document
from runtime.store.transfer import export_to, import_from
from tests.contract.store.test_run_store import NOW, another, run, store

__all__ = ["store"]
STATUSES = list(RunStatus)
FILTERS = (
    None,
    RunFilter(attention_below=8),
    RunFilter(statuses=frozenset({RunStatus.SLEEPING, RunStatus.FAILED})),
    RunFilter(workflow="w1"),
    RunFilter(workflow="w2", statuses=frozenset({RunStatus.SLEEPING}), attention_below=3),
    RunFilter(held=True),
    RunFilter(labels={"env": "prod"}),
)


def agree(store: Store) -> None:
    """Compare every count with a counting of the runs themselves."""
    runs = store.runs.query(limit=None)
    assert store.listing.counts() == Counter(str(r.status) for r in runs)
    for chosen in FILTERS:
        found = store.runs.query(chosen, limit=None)
        assert store.listing.count(chosen) == len(found), chosen


def test_whatever_is_written_the_counts_are_those_of_the_runs(store: Store, tmp_path: Path) -> None:
    chance = random.Random(7)
    revisions: dict[str, int] = {}
    other = another(store, tmp_path)
    for turn in range(120):
        writer = chance.choice([store, other])
        saves = []
        for number in chance.sample(range(30), 6):
            name, known = f"r{number}", revisions.get(f"r{number}")
            fields: dict[str, Any] = {
                "workflow": chance.choice(["w1", "w2"]),
                "attention": chance.choice([0, 3, 8, 9]),
                "held": chance.random() < 0.3,
                "labels": {"env": chance.choice(["prod", "test"])},
                "revision": (known or 0) + 1,
            }
            expected = known if chance.random() < 0.8 else (known or 0) + 7
            saves.append(Save(run(name, status=chance.choice(STATUSES), **fields), expected))
        refused = set(writer.runs.save(saves))
        for save in saves:
            if save.run.id not in refused:
                revisions[save.run.id] = save.run.revision
        if turn % 10 == 0:
            gone = chance.sample(sorted(revisions), 2)
            writer.runs.remove(gone)
            for name in gone:
                del revisions[name]
        if turn % 15 == 0:
            writer.runs.mark_damaged([chance.choice(sorted(revisions))])
        if turn % 20 == 0:
            agree(store)
    agree(other)


def test_what_is_imported_is_counted(store: Store, tmp_path: Path) -> None:
    store.runs.save([Save(run(f"r{n}", status="failed" if n % 2 else "completed"), None) for n in range(7)])
    export_to(store.documents, tmp_path / "all.json")
    copy = open_store(tmp_path / "copied")
    import_from(copy, tmp_path / "all.json", merge=False, live=True, now=NOW, actor="mia")
    agree(copy)
    assert copy.listing.counts() == store.listing.counts()
    copy.close()


def test_what_is_taken_back_is_not_counted(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.runs.save([Save(run("a"), None)])
    with pytest.raises(ZeroDivisionError), store.medium.alone():
        store.runs.save([Save(run("b"), None)])
        raise ZeroDivisionError
    agree(store)
    assert store.listing.count() == 1
    store.close()


def test_tinydb_s_own_ways_of_writing_are_counted_too(tmp_path: Path) -> None:
    store = open_file(tmp_path / "store.db")
    table = store.database.records("runs")
    documents = [run_document(run(f"r{n}", status="failed" if n % 3 else "sleeping")) for n in range(20)]
    table.insert_multiple(documents)
    table.update({"status": "cancelled"}, where("id") == "r1")
    table.upsert({**documents[2], "status": "paused"}, where("id") == "r2")
    table.remove(where("status") == "sleeping")
    table.put_documents([(40, {**documents[4], "status": "waiting"})])
    counted = Counter(document["status"] for document in table.all())
    assert store.listing.counts() == counted and sum(counted.values()) == store.listing.count() == 13
    table.truncate()
    assert store.listing.counts() == {} and store.listing.count() == 0
    store.close()


def test_a_store_of_before_is_counted_once_when_it_is_opened(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.runs.save([Save(run(f"r{n}", status="failed" if n % 2 else "sleeping"), None) for n in range(9)])
    store.close()
    con = sqlite3.connect(tmp_path / "store.db")
    names = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]
    assert len(names) == 11
    for name in names:
        con.execute(f'DROP TRIGGER "{name}"')
    for table in ("c_runs", "x_runs", "w_runs", "w_branches"):
        con.execute(f'DROP TABLE "{table}"')
    con.execute(f"PRAGMA user_version={FORMAT}")
    con.commit()
    con.close()
    reader = open_store(tmp_path, read_only=True)
    assert reader.listing.counts() == {"failed": 4, "sleeping": 5}, "read by counting until somebody may write"
    reader.close()
    store = open_store(tmp_path)
    agree(store)
    store.runs.save([Save(replace(run("r1", status="sleeping"), revision=2), 1)])
    assert store.listing.counts() == {"failed": 3, "sleeping": 6}
    store.close()
