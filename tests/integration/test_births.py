"""A run id that is used again, here or in another store, never meets the work of the run before."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runtime.clock import ManualClock
from runtime.operations.ids import random_birth
from tests.contract.external.worlds import http_binding
from tests.job_server import JobServer
from tests.scheduling import drive, opened

FAST = {"interval": 0.05}


def one_task(folder: Path, task: dict[str, Any]) -> Path:
    """A workflow `one` whose only task is bound to this; gives the folder to look for workflows in."""
    steps = [{"id": i, "name": i, "type": t} for i, t in (("begin", "begin"), ("work", "task"), ("end", "end"))]
    steps[1]["metadata"] = {"task": task, "poll": FAST}  # type: ignore[assignment]
    ways = [{"id": f"{a}-{b}", "sourceStepId": a, "targetStepId": b} for a, b in (("begin", "work"), ("work", "end"))]
    flow = {"id": "one", "name": "one", "version": "1", "globalStateSchema": {"type": "object"}}
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "flow.json").write_text(json.dumps({**flow, "steps": steps, "connections": ways}))
    return folder


def task_of(system: str, tmp_path: Path, server: JobServer) -> dict[str, Any]:
    if system == "simulated":
        return {"system": "simulated", "duration": "0.05 seconds", "result": "${state.day}"}
    if system == "process":
        script = f'echo begun >> "{tmp_path}/tally"; printf %s "$0"'
        return {"system": "process", "command": ["sh", "-c", script, "${state.day}"], "result": "text"}
    return http_binding(server.url, {"duration": 0, "result": "${state.day}"})


def result_of(location: str, flows: Path, run: str) -> tuple[Any, str]:
    with opened(location, flows) as runtime:
        shown = runtime.json_views.show(run)
        [attempt] = [a for visit in shown["branches"][0]["steps"] for a in visit["attempts"]]
        return shown["results"].get("work"), attempt["idempotency_key"]


@pytest.mark.parametrize("system", ["simulated", "process", "http"])
def test_started_pruned_and_started_again_works_again(location: str, system: str, tmp_path: Path) -> None:
    with JobServer(tmp_path / "jobs.jsonl") as server:
        flows = one_task(tmp_path / "flows", task_of(system, tmp_path, server))
        keys = []
        for day in ("monday", "tuesday"):
            with opened(location, flows) as runtime:
                runtime.commands.start("one", {"day": day}, "nightly")
            assert drive(location, flows).returncode == 0
            result, key = result_of(location, flows, "nightly")
            assert result == day, "the new run got its own result"
            keys.append(key)
            with opened(location, flows) as runtime:
                runtime.commands.prune(timedelta(0))
        assert keys[0] != keys[1]
        if system == "http":
            assert server.stats()["jobs"] == 2
        if system == "process":
            assert (tmp_path / "tally").read_text() == "begun\n" * 2


def test_two_stores_with_one_run_id_share_a_server_and_no_job(tmp_path: Path) -> None:
    with JobServer(tmp_path / "jobs.jsonl") as server:
        flows = one_task(tmp_path / "flows", task_of("http", tmp_path, server))
        for day in ("monday", "tuesday"):
            with opened(tmp_path / day, flows) as runtime:
                runtime.commands.start("one", {"day": day}, "r1")
            assert drive(tmp_path / day, flows).returncode == 0
            assert result_of(str(tmp_path / day), flows, "r1")[0] == day
        assert server.stats()["jobs"] == 2


def test_every_way_to_make_a_run_gives_it_a_birth_and_copies_keep_it(location: str, tmp_path: Path) -> None:
    flows = one_task(tmp_path / "flows", {"system": "simulated"})
    with opened(location, flows) as runtime:
        made = [runtime.commands.start("one", run_id="first")[0][0]]
        made += runtime.commands.start("one", run_id="many", count=3)[0]
        runtime.commands.cancel("first")
        restarted = runtime.commands.restart("first", new_id="anew").run
        assert restarted is not None
        births = [run.birth for run in [*made, restarted]]
        assert all(len(birth) == 10 and birth.isalnum() and birth == birth.lower() for birth in births)
        assert len(set(births)) == len(births)
        runtime.store.documents.export()
        from runtime.store.transfer import export_to, import_from

        export_to(runtime.store.documents, tmp_path / "out.json")
        with opened(tmp_path / "other", flows) as other:
            import_from(other.store, tmp_path / "out.json", merge=False, live=True, now=ManualClock().now(), actor="x")
            for run in [*made, restarted]:
                found = other.store.runs.get(run.id)
                assert found is not None
                assert found.birth == run.birth


def test_the_key_holds_the_birth_and_an_older_run_keeps_the_shape_of_its_keys(location: str, tmp_path: Path) -> None:
    flows = one_task(tmp_path / "flows", {"system": "simulated", "duration": "0.05 seconds"})
    with opened(location, flows) as runtime:
        runtime.commands.acting.births = lambda: "k3f9q2m7xa"
        runtime.commands.start("one", run_id="r1")
        runtime.commands.start("one", run_id="r2")
        stored = runtime.store.runs.load(["r2"])[0]
        older = replace(stored.run, birth="", revision=stored.run.revision + 1)
        from runtime.model.stored import Save

        assert runtime.store.runs.save([Save(older, stored.run.revision)]) == []
    assert drive(location, flows).returncode == 0
    assert result_of(location, flows, "r1")[1] == "r1~k3f9q2m7xa/work.1/1"
    assert result_of(location, flows, "r2")[1] == "r2/work.1/1"


def test_births_are_not_guessed() -> None:
    assert len({random_birth() for _ in range(1_000)}) == 1_000
