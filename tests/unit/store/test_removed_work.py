"""What a run left in files of a machine goes with it: once it is gone, and nobody else's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runtime.assembly.location import open_store
from runtime.clock import ManualClock
from runtime.external.process.job_folder import JobFolder
from runtime.external.process.supervisor import put, start_mark
from runtime.external.process.system import ProcessSystem
from runtime.external.simulated.system import SimulatedSystem
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.store.ports.store import Store
from runtime.store.removed_work import NOTE, key_start, remove_runs, sweep
from tests.contract.external.calls import call_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A store with its two local systems."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store: Store = open_store(directory)
        self.systems: dict[str, Any] = {
            "process": ProcessSystem(directory),
            "simulated": SimulatedSystem(directory, ManualClock()),
            "http": object(),
        }

    def run(self, run_id: str, birth: str) -> Run:
        made = Run(run_id, "flow", "flow", "1", "hash", NOW, NOW)
        run = replace(made, birth=birth)
        assert self.store.runs.save([Save(run, None)]) == []
        return run

    def job(self, run: Run, step: str = "a", *, ended: bool = True, running: bool = False) -> JobFolder:
        key = f"{key_start(run)}{step}.1/1"
        folder = JobFolder.of_key(self.directory / "jobs", key)
        folder.create({"key": key, "command": ["true"], "cwd": None, "result": None})
        if ended:
            put(str(folder.path), "end.json", {"code": 0, "problem": None, "cancelled": False, "ended_at": 0})
        if running:
            put(str(folder.path), "supervisor.json", {"pid": os.getpid(), "mark": start_mark(os.getpid())})
        asyncio.run(self.systems["simulated"].start(call_of({"system": "simulated"}, key=key)))
        return folder

    def notes(self) -> int:
        return sum(1 for _, d in self.store.documents.page("meta", 0, 500) if str(d["key"]).startswith(NOTE))

    def rows(self, run: Run) -> int:
        return int(self.systems["simulated"].starts(f"{key_start(run)}a.1/1"))

    def close(self) -> None:
        self.store.close()
        asyncio.run(self.systems["simulated"].close())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_folders_and_rows_go_with_their_run_and_no_others(world: World) -> None:
    gone, same_id = world.run("r", "b1"), Run("r", "flow", "flow", "1", "hash", NOW, NOW, birth="b2")
    longer, old = world.run("r2", "b1"), world.run("r.1", "")
    jobs = {run.id + run.birth: world.job(run) for run in (gone, same_id, longer, old)}
    (world.directory / "jobs" / "a file of somebody").write_text("stays")
    assert remove_runs(world.store, [gone]) == 1
    assert world.notes() == 1
    assert sweep(world.store, world.systems) == 2
    assert world.notes() == 0
    assert [name for name, folder in jobs.items() if not folder.exists()] == ["rb1"]
    assert [world.rows(run) for run in (gone, same_id, longer, old)] == [0, 1, 1, 1]
    assert (world.directory / "jobs" / "a file of somebody").exists()
    assert remove_runs(world.store, [old]) == 1
    assert sweep(world.store, world.systems) == 2
    assert not jobs["r.1"].exists()


def test_a_job_that_still_runs_keeps_its_folder_until_it_has_ended(world: World) -> None:
    run = world.run("r", "b1")
    folder = world.job(run, ended=False, running=True)
    remove_runs(world.store, [run])
    sweep(world.store, world.systems)
    assert folder.exists() and world.notes() == 1
    put(str(folder.path), "end.json", {"code": 0, "problem": None, "cancelled": False, "ended_at": 0})
    assert sweep(world.store, world.systems) == 1
    assert not folder.exists() and world.notes() == 0


def test_a_job_that_nobody_has_begun_never_begins_once_its_run_is_gone(world: World) -> None:
    run = world.run("r", "b1")
    folder = world.job(run, ended=False)
    remove_runs(world.store, [run])
    sweep(world.store, world.systems)
    assert not folder.exists()


def test_a_crash_before_the_run_was_removed_removes_nothing(world: World) -> None:
    run = world.run("r", "b1")
    folder = world.job(run)
    world.store.facts.put(f"{NOTE}crash", {"keys": [key_start(run)]})
    assert sweep(world.store, world.systems) == 0
    assert folder.exists() and world.rows(run) == 1 and world.notes() == 0


def test_a_crash_in_the_middle_is_made_good_by_the_next_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [world.run(f"r{n}", "b1") for n in range(3)]
    folders = [world.job(run) for run in runs]
    remove_runs(world.store, runs)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("runtime.external.process.job_folder.shutil.rmtree", die)
    with pytest.raises(KeyboardInterrupt):
        sweep(world.store, world.systems)
    monkeypatch.undo()
    again = World(world.directory)
    sweep(again.store, again.systems)
    assert not any(folder.exists() for folder in folders)
    half = [path for path in (world.directory / "jobs").iterdir() if path.name.startswith(".")]
    for path in half:
        os.utime(path, (0, 0))
    remove_runs(again.store, [again.run("another", "b1")])
    sweep(again.store, again.systems)
    again.close()
    assert len(half) == 1 and not list((world.directory / "jobs").iterdir())


def test_files_on_another_host_are_left_to_who_works_there(world: World, tmp_path: Path) -> None:
    run = world.run("r", "b1")
    folder = world.job(run)
    here = os.uname().nodename
    world.store.facts.put("home:process", {"host": "elsewhere", "directory": str(tmp_path)})
    world.store.facts.put("home:simulated", {"host": here, "directory": str(tmp_path)})
    remove_runs(world.store, [run])
    assert sweep(world.store, world.systems) == 1
    assert folder.exists() and world.rows(run) == 0 and world.notes() == 1
    world.store.facts.put("home:process", {"host": here, "directory": str(tmp_path)})
    world.store.facts.put("home:simulated", {"host": "elsewhere", "directory": str(tmp_path)})
    assert sweep(world.store, world.systems) == 1
    assert not folder.exists() and world.notes() == 0
