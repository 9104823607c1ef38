"""The workflows that are shipped: sound flows, and what their own code does."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runtime.catalog.catalog import Catalog
from runtime.catalog.folders import BUILT_IN
from runtime.catalog.workflow import Workflow
from runtime.external.registry import binding_checks
from runtime.flow.program import Program
from runtime.flow.read.loader import flow_hash
from runtime.model.run import Run
from runtime.model.task import Completed, Failed, Settled, TaskRequest

NAMES = ["media_render", "nightly_etl", "profile_update", "release_approval"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ETL = BUILT_IN / "nightly_etl"


@pytest.fixture
def catalog(tmp_path: Path) -> Any:
    made = Catalog([], binding_checks=binding_checks(tmp_path))
    yield made
    made.close()


def program(catalog: Catalog, workflow: Workflow) -> Program:
    assert workflow.source is not None
    run = Run("r1", workflow.name, "f", "1", flow_hash(workflow.source), NOW, NOW, code_path=workflow.code_path)
    return catalog.program(run, workflow.source)


async def work(catalog: Catalog, name: str, step_id: str, **facts: Any) -> Completed | Failed:
    binding = program(catalog, catalog.find(name)).bindings[step_id]
    return await catalog.run_local(binding, TaskRequest("r1", "f", step_id, "main", 1, 1, "k", NOW, **facts))


def test_four_workflows_are_shipped_each_with_a_word_about_it(catalog: Catalog) -> None:
    assert [workflow.name for workflow in catalog.workflows()] == NAMES
    assert all((BUILT_IN / name / "README.md").is_file() for name in NAMES)
    assert all(workflow.problems == () for workflow in catalog.workflows())


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_flow_checks_clean_and_binds_every_task(catalog: Catalog, name: str) -> None:
    workflow = catalog.find(name)
    flow = catalog.check(workflow)
    tasks = {step.id for step in flow.steps if step.type == "task"}
    assert set(program(catalog, workflow).bindings) == tasks
    assert set(workflow.tasks) <= tasks


def test_the_join_policies_are_those_the_read_me_files_tell(catalog: Catalog) -> None:
    policies = {(name, step.id): str(step.join) for name in NAMES for step in catalog.check(catalog.find(name)).steps}
    assert policies["profile_update", "join-tasks"] == "allSettled"
    assert policies["nightly_etl", "load"] == "all"
    assert policies["release_approval", "decide"] == "atLeast 1"
    assert policies["media_render", "package-video"] == "atLeast 2"
    assert policies["media_render", "publish"] == "all"


@pytest.mark.anyio
async def test_the_profile_update_reports_a_captured_failure_and_the_other_branch(catalog: Catalog) -> None:
    settled = (
        Settled("main/fork-tasks.1/update-search-index", "update-search-index", "completed", {"indexed": ["avatar"]}),
        Settled(
            "main/fork-tasks.1/send-email-notification",
            "send-email-notification",
            "failed",
            None,
            {"type": "TaskFailed", "message": "mailbox is full"},
        ),
    )
    done = await work(catalog, "profile_update", "join-tasks", settled=settled)
    assert isinstance(done, Completed)
    assert done.state == {
        "searchIndexStatus": "completed",
        "emailNotificationStatus": "failed: mailbox is full",
        "profileStatus": "partly updated",
    }
    assert [branch["status"] for branch in done.result["branches"]] == ["completed", "failed"]
    repaired = await work(catalog, "profile_update", "join-tasks", settled=settled[:1])
    assert isinstance(repaired, Completed) and repaired.state is not None
    assert repaired.state["profileStatus"] == "updated"


def load(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(ETL / "load.py"), name], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.anyio
async def test_the_nightly_load_makes_samples_loads_each_and_writes_a_report(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    prepared = await work(catalog, "nightly_etl", "prepare", state={"brokenFiles": 1})
    assert isinstance(prepared, Completed) and prepared.state is not None
    folder = Path(prepared.state["dir"])
    files = prepared.result["files"]
    ended = [load(folder, name) for name in files]
    assert [run.returncode for run in ended] == [0, 0, 0, 1]
    assert ended[3].stderr == "orders-04.csv, line 4: amount 'n/a' is not a number\n"
    broken = folder / files[3]
    broken.write_text(broken.read_text().replace("n/a", "43.50"))
    ended[3] = load(folder, files[3])
    results = [json.loads(run.stdout) for run in ended]
    told = await work(
        catalog, "nightly_etl", "report", state=prepared.state, results={"prepare": prepared.result, "load": results}
    )
    assert isinstance(told, Completed) and told.state is not None
    report = json.loads(Path(told.state["report"]).read_text())
    assert report["rows"] == told.state["rows"] == 20
    assert report["totalCents"] == sum(report["regions"].values()) == sum(file["totalCents"] for file in results)
    assert len(json.loads((folder / "loaded" / "orders-04.json").read_text())) == 5


@pytest.mark.anyio
async def test_the_nightly_load_says_what_is_wrong_with_a_given_folder(catalog: Catalog, tmp_path: Path) -> None:
    nowhere = await work(catalog, "nightly_etl", "prepare", state={"dir": str(tmp_path / "gone")})
    assert isinstance(nowhere, Failed) and "gone; correct `dir`" in nowhere.message
    empty = await work(catalog, "nightly_etl", "prepare", state={"dir": str(tmp_path)})
    assert isinstance(empty, Failed) and "holds no *.csv file" in empty.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,amount\n", "line 1: the columns must be order, region, amount"),
        ("order,region,amount\n1,north\n", "line 2: wanted are 3 filled fields"),
        ("order,region,amount\n1,north,2,3\n", "line 2: wanted are 3 filled fields"),
        ("order,region,amount\n1,north,2\n1,north,3\n", "line 3: order '1' is there twice"),
        ("order,region,amount\n1,north,2.005\n", "line 2: amount '2.005' has more than two decimals"),
        ("order,region,amount\n1,north,Infinity\n", "line 2: amount 'Infinity' is not a number"),
    ],
)
def test_a_broken_file_is_refused_with_its_line_and_leaves_nothing_behind(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    ended = load(tmp_path, "x.csv")
    assert ended.returncode == 1 and said in ended.stderr and not (tmp_path / "loaded").exists()


@pytest.mark.anyio
async def test_the_release_is_decided_by_the_answer_or_the_deadline(catalog: Catalog) -> None:
    yes = Settled("b1", "approve", "arrived", {"approved": True, "by": "mara"})
    late = Settled("b2", "deadline", "arrived", None)
    approved = await work(catalog, "release_approval", "decide", settled=(yes, Settled("b2", "deadline", "cancelled")))
    assert approved == Completed(
        {"approved": True, "decidedBy": "mara", "note": ""}, {"approved": True, "decidedBy": "mara", "note": ""}
    )
    silent = await work(catalog, "release_approval", "decide", settled=(Settled("b1", "approve", "cancelled"), late))
    assert isinstance(silent, Completed) and silent.result["decidedBy"] == "deadline"
    closed = await work(catalog, "release_approval", "close", state={"approved": False})
    assert closed == Completed({"outcome": "not deployed"}, {"outcome": "not deployed"})
