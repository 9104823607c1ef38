"""Writers of one store wait in a line: nobody is overtaken."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.assembly.runtime import open_runtime
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.settings import Settings
from runtime.store.embedded.store import EmbeddedStore
from runtime.store.embedded.writer_line import Place, WriterLine
from tests.integration.store.writers import beside, in_line, writers
from tests.scheduling import ROOT
from tests.workers import wait_for

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_who_asks_again_at_once_comes_after_who_asked_before(store: EmbeddedStore, tmp_path: Path) -> None:
    with writers(tmp_path, 3) as (greedy, second, third):
        greedy.asks(1)
        assert greedy.says() == "writes"
        second.asks(2)
        third.asks(3)
        writing, *waiting = greedy, second, third
        for _ in range(9):
            writing.told("write again")
            assert waiting[0].says() == "writes"
            wait_for(lambda: in_line(tmp_path) == 3)
            writing, *waiting = *waiting, writing


def test_a_thread_waits_in_the_same_line(store: EmbeddedStore, tmp_path: Path) -> None:
    order: list[str] = []

    def write(name: str) -> None:
        with store.database.transaction():
            order.append(name)

    with writers(tmp_path, 1) as (other,):
        with store.database.transaction():
            waiting = []
            for name in ("a", "b", "c"):
                waiting.append(beside(lambda name=name: write(name)))  # type: ignore[misc]
                wait_for(lambda: in_line(tmp_path) == len(waiting) + 1)
            other.asks(5)
        assert other.says() == "writes"
        assert order == ["a", "b", "c"], "all asked before the other process"


def test_reading_goes_on_while_a_thread_waits_for_its_turn(store: EmbeddedStore, tmp_path: Path) -> None:
    with writers(tmp_path, 1) as (other,):
        other.asks(1)
        assert other.says() == "writes"
        thread = beside(lambda: store.facts.put("second", 2))
        wait_for(lambda: in_line(tmp_path) == 2)
        assert store.facts.get("first") == 1
        other.told("let go")
        thread.join()
    assert store.facts.get("second") == 2


FLAT_OUT = """
import mmap, struct, sys
from runtime.assembly.location import open_store
store = open_store(sys.argv[1])
with open(sys.argv[2], "r+b") as file:
    turns = mmap.mmap(file.fileno(), 8)
n = 0
while True:
    with store.database.transaction():
        n += 1
        turns[:8] = struct.pack("q", n)
        store.facts.put("turns", n)
"""


def test_a_flat_out_writer_gets_one_turn_at_most_before_who_asked(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = tmp_path / "turns"
    counted.write_bytes(bytes(8))
    asked: list[int] = []
    with counted.open("r+b") as file:
        turns = mmap.mmap(file.fileno(), 8)

    def seen() -> int:
        number: int = struct.unpack("q", turns[:8])[0]
        return number

    plain = WriterLine._await_turn

    def await_turn(line: WriterLine, handle: int, place: Place) -> None:
        asked.append(seen())
        plain(line, handle, place)

    monkeypatch.setattr(WriterLine, "_await_turn", await_turn)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writer = subprocess.Popen([sys.executable, "-c", FLAT_OUT, str(tmp_path), str(counted)], env=environment)
    try:
        wait_for(lambda: seen() > 0)
        overtaken: list[int] = []
        while len(overtaken) < 100 or seen() < 100:
            with store.database.transaction():
                overtaken.append(seen() - asked[-1])
        assert max(overtaken) <= 1
    finally:
        writer.kill()
        writer.wait()


SAVES_ONE_RUN = """
import sys
from msgspec.structs import replace
from runtime.assembly.location import open_store
from runtime.model.stored import Save
store = open_store(sys.argv[1])
n = 0
while True:
    run = store.runs.get("busy")
    store.runs.save([Save(replace(run, revision=run.revision + 1), run.revision)])
    n += 1
    if n == 10:
        print("saving", flush=True)
"""


def test_an_act_on_a_run_that_is_saved_at_every_turn_is_carried_out(patient: None, tmp_path: Path) -> None:
    runtime = open_runtime(Settings.load({"store": str(tmp_path)}, env={}))
    runtime.commands.start("release_approval", {}, "busy")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SAVES_ONE_RUN, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"saving\n"
            for n in range(20):
                runtime.commands.ack("busy", note=str(n))
        finally:
            writer.kill()
    runtime.close()


def test_saving_lines_up_once(store: EmbeddedStore, tmp_path: Path) -> None:
    with writers(tmp_path, 1) as (other,), store.database.transaction():
        store.runs.save([Save(Run("r", "w", "f", "1", "h", NOW, NOW, revision=1), None)])
        other.asks(2)
        assert in_line(tmp_path) == 2
    assert store.runs.get("r") is not None
