"""Writers in line that are killed, stopped or interrupted, and a line that cannot be had."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
from pathlib import Path

import pytest

from runtime.assembly.location import open_store
from runtime.errors import StoreUnavailable
from runtime.store.embedded import row_storage, writer_line
from runtime.store.embedded.store import EmbeddedStore, open_file
from tests.integration.store.writers import beside, in_line, line_file, writers
from tests.workers import wait_for


@pytest.fixture
def impatient(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores opened from now on wait a moment only for who does not go on."""
    monkeypatch.setattr(writer_line, "STUCK_SECONDS", 0.05)
    monkeypatch.setattr(row_storage, "BUSY_SECONDS", 0.05)


def test_a_writer_that_is_killed_leaves_the_line_though_its_children_live(store: EmbeddedStore, tmp_path: Path) -> None:
    with writers(tmp_path, 2) as (killed, next_one):
        killed.asks(1)
        assert killed.says() == "writes"
        killed.told("child")
        child = killed.says()
        assert isinstance(child, int)
        next_one.asks(2)
        killed.signalled(signal.SIGKILL)
        assert next_one.says() == "writes"
        assert in_line(tmp_path) == 1
        os.kill(child, signal.SIGKILL)


def test_a_writer_that_is_stopped_is_named(impatient: None, tmp_path: Path) -> None:
    store = open_file(tmp_path / "store.db")
    with writers(tmp_path, 1) as (stopped,):
        stopped.asks(1)
        assert stopped.says() == "writes"
        stopped.signalled(signal.SIGSTOP)
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=rf"is busy: process {stopped.process.pid} holds it"):
                store.facts.put("second", 2)
        stopped.signalled(signal.SIGCONT)
        stopped.told("let go")
        assert stopped.says() == "has written"
        store.facts.put("second", 2)
        stopped.asks(1)
        assert stopped.says() == "writes"
        thread = beside(lambda: store.facts.put("third", 3))
        wait_for(lambda: in_line(tmp_path) == 2)
        stopped.told("let go")
        thread.join()
    assert store.facts.get("third") == 3
    store.close()


def test_one_that_is_stopped_while_it_waits_is_passed(impatient: None, tmp_path: Path) -> None:
    store = open_file(tmp_path / "store.db")
    with writers(tmp_path, 2) as (first, stopped):
        first.asks(1)
        assert first.says() == "writes"
        stopped.asks(2)
        stopped.signalled(signal.SIGSTOP)
        first.told("let go")
        assert first.says() == "has written"
        store.facts.put("second", 2)
        assert in_line(tmp_path) == 1, "it is still there"
        stopped.signalled(signal.SIGCONT)
        assert stopped.says() == "writes"
        stopped.told("let go")
        assert stopped.says() == "has written"
    assert store.facts.get("second") == 2
    store.close()


def test_who_is_interrupted_while_waiting_leaves_the_line(store: EmbeddedStore, tmp_path: Path) -> None:
    with writers(tmp_path, 1) as (waiting,):
        with store.database.transaction():
            waiting.asks(2)
            waiting.signalled(signal.SIGINT)
            assert waiting.says() == "interrupted"
            assert in_line(tmp_path) == 1
            waiting.asks(2)
        assert waiting.says() == "writes"


def test_a_program_that_knows_no_line_is_waited_for(store: EmbeddedStore, tmp_path: Path) -> None:
    older = sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)
    older.execute("BEGIN IMMEDIATE")
    thread = beside(lambda: store.facts.put("second", 2))
    wait_for(lambda: in_line(tmp_path) == 1)
    older.execute("COMMIT")
    thread.join()
    older.close()
    assert store.facts.get("second") == 2


def test_the_lines_file_is_ours_alone_empty_and_made_by_writers_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        tmp_path.chmod(0o700)
        open_store(tmp_path).close()
    finally:
        os.umask(before)
    found = line_file(tmp_path).stat()
    assert (stat.S_IMODE(found.st_mode), found.st_size) == (0o600, 0)
    line_file(tmp_path).unlink()
    reader = open_store(tmp_path, read_only=True)
    reader.runs.query()
    with pytest.raises(StoreUnavailable):
        reader.facts.put("second", 2)
    reader.close()
    assert not line_file(tmp_path).exists()


def test_a_file_that_is_removed_is_made_again_and_all_meet_there(store: EmbeddedStore, tmp_path: Path) -> None:
    with writers(tmp_path, 1) as (other,):
        other.asks(1)
        assert other.says() == "writes"
        other.told("let go")
        assert other.says() == "has written"
        line_file(tmp_path).unlink()
        with store.database.transaction():
            assert in_line(tmp_path) == 1
            other.asks(2)
        assert other.says() == "writes"


def test_where_no_line_can_be_had_writing_goes_on(tmp_path: Path) -> None:
    line_file(tmp_path).mkdir()
    store = open_file(tmp_path / "store.db")
    store.facts.put("first", 1)
    assert store.facts.get("first") == 1
    store.close()
