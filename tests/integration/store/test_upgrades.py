"""A store of an older format is brought forward whole, or stays as it was."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.assembly.location import open_store
from runtime.errors import StoreUnavailable
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.store.embedded import upgrades
from runtime.store.embedded.row_storage import RowStorage
from runtime.store.embedded.upgrades import upgrade
from runtime.store.layout import FORMAT


def older(folder: Path) -> RowStorage:
    """A store of format 1 with one fact in it."""
    store = open_store(folder)
    store.facts.put("fact", "old")
    store.close()
    return RowStorage(folder / "store.db")


def renamed(rows: RowStorage) -> None:
    rows.con.execute("UPDATE t_meta SET doc=replace(doc, 'old', 'new')")


def version(folder: Path) -> int:
    con = sqlite3.connect(folder / "store.db")
    found: int = con.execute("PRAGMA user_version").fetchone()[0]
    con.close()
    return found


def test_steps_are_taken_in_order_and_all_or_none(tmp_path: Path) -> None:
    rows = older(tmp_path)
    seen: list[int] = []
    steps = {FORMAT: renamed, FORMAT + 1: lambda _: seen.append(1)}
    assert upgrade(rows, read_only=False, wanted=FORMAT + 2, steps=steps) == [FORMAT, FORMAT + 1]
    assert "new" in str(rows.con.execute("SELECT doc FROM t_meta WHERE key='fact'").fetchone()[0])
    assert upgrade(rows, read_only=False, wanted=FORMAT + 2, steps=steps) == [], "once is enough"
    rows.close()
    assert (version(tmp_path), seen) == (FORMAT + 2, [1])


def test_a_step_that_fails_leaves_the_store_whole(tmp_path: Path) -> None:
    rows = older(tmp_path)

    def full(_: RowStorage) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        upgrade(rows, read_only=False, wanted=FORMAT + 2, steps={FORMAT: renamed, FORMAT + 1: full})
    rows.close()
    assert version(tmp_path) == FORMAT
    store = open_store(tmp_path)
    assert store.facts.get("fact") == "old"
    store.close()


def test_no_way_and_read_only_sessions_are_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = older(tmp_path)
    with pytest.raises(StoreUnavailable, match="no way"):
        upgrade(rows, read_only=False, wanted=FORMAT + 1, steps={})
    with pytest.raises(StoreUnavailable, match="without --read-only"):
        upgrade(rows, read_only=True, wanted=FORMAT + 1, steps={FORMAT: renamed})
    rows.close()
    assert upgrades.STEPS.keys() == set(range(1, FORMAT)), "every older format has its step"


def test_a_store_from_before_births_is_brought_forward_and_its_runs_stay_as_they_are(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store.runs.save([Save(Run("r1", "w", "w", "1", "h", now, now, revision=1), None)])
    store.close()
    con = sqlite3.connect(tmp_path / "store.db")
    con.execute("UPDATE t_runs SET doc=json_remove(doc, '$.birth')")
    con.execute("PRAGMA user_version=1")
    con.commit()
    con.close()
    with pytest.raises(StoreUnavailable, match="older format 1"):
        open_store(tmp_path, read_only=True)
    store = open_store(tmp_path)
    found = store.runs.get("r1")
    store.close()
    assert found is not None
    assert (found.birth, version(tmp_path)) == ("", FORMAT)
