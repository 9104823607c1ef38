"""Flows that lie in files of one name, anywhere: each is a workflow of its own, also when its file is gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.errors import NotFound, Refused
from runtime.settings import Settings

TASKS = """
from runtime.authoring import Completed, task

@task("work")
def work(request):
    return Completed({said!r})
"""


def flow(flow_id: str, version: str = "1", task: Any = None) -> dict[str, Any]:
    metadata = {"metadata": {"task": task}} if task else {}
    return {
        "id": flow_id,
        "name": flow_id,
        "version": version,
        "globalStateSchema": {"type": "object"},
        "globalState": {"version": version},
        "steps": [
            {"id": "begin", "name": "begin", "type": "begin"},
            {
                "id": "work",
                "name": "work",
                "type": "task",
                "params": {},
                "paramsSchema": {"type": "object"},
                **metadata,
            },
            {"id": "end", "name": "end", "type": "end"},
        ],
        "connections": [
            {"id": "c1", "sourceStepId": "begin", "targetStepId": "work"},
            {"id": "c2", "sourceStepId": "work", "targetStepId": "end"},
        ],
    }


def write(folder: Path, name: str, source: dict[str, Any], tasks: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(source))
    if tasks:
        (folder / "tasks.py").write_text(tasks)
    return folder / name


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    known = tmp_path / "known"
    write(known / "folder", "flow.json", flow("an-id"), TASKS.format(said="of the folder"))
    settings = Settings.load({"store": str(tmp_path / "store"), "workflows": [str(known)]}, env={"HOME": str(tmp_path)})
    made = open_runtime(settings)
    yield made
    made.close()


@pytest.mark.parametrize("name", ["flow.json", "x.json"])
def test_files_of_one_name_are_workflows_of_their_own(runtime: Runtime, tmp_path: Path, name: str) -> None:
    ids = [f"flow-{n}" for n in range(6)]
    for flow_id in ids:
        path = write(tmp_path / flow_id / "same", name, flow(flow_id))
        runtime.commands.start(str(path), run_id=f"run-{flow_id}", simulate=True)
    for flow_id in ids:
        run = runtime.store.runs.get(f"run-{flow_id}")
        assert run is not None
        assert (run.workflow, run.flow_file) == (flow_id, str(tmp_path / flow_id / "same" / name))
        assert [r.id for r in runtime.queries.runs(f"flow:{flow_id}")] == [f"run-{flow_id}"]
    runtime.commands.hold("flow=flow-3")
    held = {i: runtime.queries.why(f"run-{i}").holds for i in ids}
    assert [i for i in ids if held[i]] == ["flow-3"]
    runtime.commands.release("flow=flow-3")


def test_a_folder_keeps_its_name_however_it_is_named(runtime: Runtime, tmp_path: Path) -> None:
    known = tmp_path / "known" / "folder"
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, "flow.json", flow("other"))
    for number, (named, workflow) in enumerate(
        [("folder", "folder"), (known, "folder"), (known / "flow.json", "folder"), (elsewhere, "elsewhere")]
    ):
        (run,), _ = runtime.commands.start(str(named), run_id=f"r{number}", simulate=True)
        assert run.workflow == workflow
        assert (run.flow_file is None) is (workflow == "folder")


def test_a_file_flow_never_takes_the_code_of_a_folder_with_its_name(runtime: Runtime, tmp_path: Path) -> None:
    path = write(tmp_path / "mine", "x.json", flow("folder"))
    (run,), _ = runtime.commands.start(str(path), simulate=True)
    assert run.workflow == "folder"
    assert runtime.commands.acting.program(run).bindings["work"].system == "simulated"
    (of_folder,), _ = runtime.commands.start("folder")
    assert runtime.commands.acting.program(of_folder).bindings["work"].system == "local"


def test_a_run_restarts_from_its_file_and_from_what_is_stored_when_that_is_gone(
    runtime: Runtime, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine", "x.json", flow("mine"), TASKS.format(said="mine"))
    runtime.commands.start(str(path), {"given": 1}, "old")
    write(tmp_path / "mine", "x.json", flow("mine", "2"))
    again = runtime.commands.restart("old", new_id="new-version").run
    assert again is not None
    assert (again.workflow, again.flow_version, again.state) == ("mine", "2", {"given": 1, "version": "2"})
    write(tmp_path / "mine", "x.json", flow("another"))
    other = runtime.commands.restart("old", new_id="other-flow")
    assert other.run is not None
    assert other.run.flow_version == "1"
    assert any("is not here any more, or holds another flow" in effect for effect in other.effects)
    path.unlink()
    gone = runtime.commands.restart("old", new_id="gone").run
    assert gone is not None
    assert (gone.workflow, gone.flow_id, gone.flow_version) == ("mine", "mine", "1")
    assert gone.state == {"given": 1, "version": "1"}
    assert gone.code_path == str(tmp_path / "mine" / "tasks.py"), "its code is still there"
    assert runtime.commands.acting.program(gone).bindings["work"].system == "local"
    assert runtime.commands.restart("gone", new_id="again").run is not None, "a restart can be restarted"


def test_a_run_of_a_folder_that_nobody_names_any_more_restarts_from_what_is_stored(
    runtime: Runtime, tmp_path: Path
) -> None:
    runtime.commands.start("folder", run_id="old")
    settings = Settings.load({"store": str(tmp_path / "store")}, env={"HOME": str(tmp_path)})
    other = open_runtime(settings)
    try:
        again = other.commands.restart("old").run
        assert again is not None
        assert (again.workflow, again.flow_id) == ("folder", "an-id")
        assert other.commands.acting.program(again).bindings["work"].system == "local"
        shutil.rmtree(tmp_path / "known")
        with pytest.raises(Exception, match="UNBOUND_TASK"):
            other.commands.restart("old")
    finally:
        other.close()


def test_a_lost_definition_is_said(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "mine", "x.json", flow("mine"))
    runtime.commands.start(str(path), run_id="old", simulate=True)
    path.unlink()
    monkeypatch.setattr(runtime.store.flows, "get", lambda _: None)
    with pytest.raises(NotFound, match="neither here nor in this store"):
        runtime.commands.restart("old")


def test_a_schedule_of_a_file_is_refused_where_no_scheduler_would_find_it(runtime: Runtime, tmp_path: Path) -> None:
    path = write(tmp_path / "mine", "x.json", {**flow("mine"), "metadata": {"schedule": {"every": "1 hour"}}})
    with pytest.raises(Refused, match="--workflows"):
        runtime.commands.schedule(str(path), enabled=True)


def test_many_runs_of_a_file_get_ids_of_its_flow(runtime: Runtime, tmp_path: Path) -> None:
    path = write(tmp_path / "mine", "x.json", flow("my flow/ä"))
    runs, _ = runtime.commands.start(str(path), count=2, simulate=True)
    assert [r.id for r in runs] == ["my-flow-0001", "my-flow-0002"]
