"""A store that cannot be used says so in one sentence; a killed writer loses nothing it had acknowledged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.assembly.location import open_store
from runtime.errors import StoreUnavailable
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.store.embedded.store import open_file

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def one(name: str) -> Save:
    return Save(Run(name, "w", "f", "1", "h", NOW, NOW, revision=1), None)


def refused(folder: Path, sentence: str, *, read_only: bool = False) -> None:
    with pytest.raises(StoreUnavailable, match=sentence):
        open_store(folder, read_only=read_only)


def test_files_that_are_no_store_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    for content in (b"hello", os.urandom(9_000)):
        file.write_bytes(content)
        refused(tmp_path, "not a forkjoin store")
        assert file.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "store.db")
    database.execute("PRAGMA application_id=77")
    database.execute("CREATE TABLE theirs(x)")
    database.close()
    before = (tmp_path / "store.db").read_bytes()
    refused(tmp_path, "belongs to another program")
    assert (tmp_path / "store.db").read_bytes() == before


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.close()
    database = sqlite3.connect(tmp_path / "store.db")
    database.execute("PRAGMA user_version=99")
    database.close()
    refused(tmp_path, "newer forkjoin")


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.runs.save([one(f"r{n}") for n in range(500)])
    store.close()
    file = tmp_path / "store.db"
    data = bytearray(file.read_bytes())
    data[4_096:] = os.urandom(len(data) - 4_096)
    file.write_bytes(data)
    with pytest.raises(StoreUnavailable, match="damaged"):
        open_store(tmp_path).runs.query(limit=None)


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    refused(tmp_path / "store", "is a file")


def test_a_read_only_session_makes_no_store_and_writes_nothing(tmp_path: Path) -> None:
    refused(tmp_path / "none", "read-only", read_only=True)
    assert not (tmp_path / "none").exists()
    writer = open_store(tmp_path)
    writer.runs.save([one("a")])
    reader = open_store(tmp_path, read_only=True)
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        reader.runs.save([one("b")])
    assert [r.id for r in reader.runs.query()] == ["a"]
    reader.close()
    writer.close()


def test_a_full_disk_saves_nothing_of_the_batch(tmp_path: Path) -> None:
    store = open_file(tmp_path / "store.db")
    store.runs.save([one("a")])
    pages = store.database.rows.con.execute("PRAGMA page_count").fetchone()[0]
    store.database.rows.con.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreUnavailable, match="disk is full"):
        store.runs.save([one(f"r{n}") for n in range(2_000)])
    assert [r.id for r in store.runs.query()] == ["a"]
    store.database.rows.con.execute("PRAGMA max_page_count=100000")
    assert store.runs.save([one("b")]) == []
    store.close()


def test_the_store_is_private(tmp_path: Path) -> None:
    open_store(tmp_path / "deep" / "store").close()
    assert (tmp_path / "deep" / "store").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "deep" / "store" / "store.db").stat().st_mode & 0o077 == 0


INCREMENT = """
import sys; sys.path.insert(0, sys.argv[1])
from msgspec.structs import replace
from runtime.model.stored import Save
from runtime.assembly.location import open_store
store = open_store(sys.argv[2])
for _ in range(200):
    while True:
        run = store.runs.get("counter")
        new = replace(run, revision=run.revision + 1, state={"n": run.state["n"] + 1})
        if not store.runs.save([Save(new, run.revision)]):
            break
"""


def test_two_processes_lose_no_update(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    start = Run("counter", "w", "f", "1", "h", NOW, NOW, revision=1, state={"n": 0})
    store.runs.save([Save(start, None)])
    both = [subprocess.Popen([sys.executable, "-c", INCREMENT, str(ROOT), str(tmp_path)]) for _ in range(2)]
    assert [p.wait(120) for p in both] == [0, 0]
    assert store.runs.get("counter").state == {"n": 400}  # type: ignore[union-attr]
    store.close()


WRITE = """
import sys; sys.path.insert(0, sys.argv[1])
from datetime import UTC, datetime
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.assembly.location import open_store
store = open_store(sys.argv[2])
now = datetime.now(UTC)
n = int(sys.argv[3])
while True:
    n += 1
    store.runs.save([Save(Run(f"r{n}-{i}", "w", "f", "1", "h", now, now, revision=1), None) for i in range(5)])
    print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_had_acknowledged(tmp_path: Path) -> None:
    acknowledged = 0
    for round_ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(ROOT), str(tmp_path), str(acknowledged + 1_000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(5 + 17 * round_):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        for line in writer.stdout.read().splitlines():
            acknowledged = int(line)
        writer.stdout.close()
        writer.wait()
        store = open_store(tmp_path)
        kept = {r.id for r in store.runs.query(limit=None)}
        store.close()
        assert all(f"r{acknowledged}-{i}" in kept for i in range(5))
        counted = [sum(f"r{n}-{i}" in kept for i in range(5)) for n in range(acknowledged - 3, acknowledged + 2)]
        assert set(counted) <= {0, 5}, "a batch is there whole or not at all"
