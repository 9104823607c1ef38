"""Finding workflows, and the program a run keeps."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import Workflow
from runtime.errors import FlowProblems, InvalidInput, NotFound
from runtime.flow.program import Binding
from runtime.flow.read.loader import flow_hash
from runtime.model.run import Run
from runtime.model.task import Completed, TaskRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "from runtime.authoring import *\nfrom runtime.authoring import task\n"


def flow(*steps: dict[str, Any], version: str = "1") -> dict[str, Any]:
    """A line of steps from begin to end."""
    ends = ({"id": "begin", "name": "b", "type": "begin"}, *steps, {"id": "end", "name": "e", "type": "end"})
    ways = itertools.pairwise(ends)
    return {
        "id": "shop",
        "name": "Shop",
        "version": version,
        "globalStateSchema": {"type": "object"},
        "steps": list(ends),
        "connections": [
            {"id": f"c{n}", "sourceStepId": a["id"], "targetStepId": b["id"]} for n, (a, b) in enumerate(ways)
        ],
    }


def step(step_id: str, task: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"id": step_id, "name": step_id, "type": "task", **({"metadata": {"task": task}} if task else {})}


def ship(folder: Path, source: Any, tasks: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flow.json").write_text(source if isinstance(source, str) else json.dumps(source))
    if tasks is not None:
        (folder / "tasks.py").write_text(HEAD + tasks)
    return folder


def run_of(workflow: Workflow, **facts: Any) -> Run:
    assert workflow.source is not None
    return Run(
        "r1",
        workflow.name,
        "shop",
        "1",
        flow_hash(workflow.source),
        NOW,
        NOW,
        **{"code_path": workflow.code_path, "code_hash": workflow.code_hash, **facts},
    )


class Named:
    """An external system as far as a program asks one."""

    def target(self, binding: Mapping[str, Any]) -> str:
        return str(binding["command"][0])


def test_workflows_are_found_by_folder_and_a_later_folder_wins_a_name(tmp_path: Path) -> None:
    ship(tmp_path / "a" / "orders", flow(version="1"))
    ship(tmp_path / "a" / "mails", flow(), "@task('send')\ndef send(request): ...\n")
    ship(tmp_path / "a" / "_drafts", flow())
    (tmp_path / "a" / "notes").mkdir()
    ship(tmp_path / "b" / "orders", flow(version="2"))
    catalog = Catalog([tmp_path / "a", tmp_path / "b"], built_in=False)
    assert [workflow.name for workflow in catalog.workflows()] == ["mails", "orders"]
    mails, orders = catalog.workflows()
    assert orders.flow is not None and orders.flow.version == "2"
    assert mails.tasks == {"send": "function"}
    assert mails.code_hash and len(mails.code_hash) == 64


def test_a_folder_that_is_a_workflow_itself_is_taken_as_one(tmp_path: Path) -> None:
    ship(tmp_path / "orders", flow())
    assert [workflow.name for workflow in Catalog([tmp_path / "orders"], built_in=False).workflows()] == ["orders"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"gone cannot be read: No such file or directory; check --workflows"):
        Catalog([tmp_path / "gone"], built_in=False).workflows()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "This is not JSON"),
        ("[]", "A flow is a JSON object"),
        ('{"a": NaN}', "the number NaN"),
        ("{}", "is not a flow; see `forkjoin validate`"),
        ('{"steps": 3}', "is not a flow"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        (" " * 5_000_001, "more than the 5,000,000"),
    ],
)
def test_a_broken_flow_file_does_not_hide_the_other_workflows(tmp_path: Path, text: str, said: str) -> None:
    ship(tmp_path / "broken", text)
    ship(tmp_path / "sound", flow())
    broken, sound = Catalog([tmp_path], built_in=False).workflows()
    assert broken.flow is None and said in broken.problems[0]
    assert sound.problems == ()


def test_a_broken_tasks_file_is_a_problem_of_its_workflow(tmp_path: Path) -> None:
    ship(tmp_path / "shop", flow(), "def f(:\n")
    catalog = Catalog([tmp_path], built_in=False)
    (shop,) = catalog.workflows()
    assert "tasks.py, line 3 is not Python" in shop.problems[0]
    with pytest.raises(FlowProblems, match="line 3 is not Python") as caught:
        catalog.check(shop)
    assert [(problem.code, problem.path) for problem in caught.value.problems] == [("TASKS", "tasks.py")]


def test_all_problems_of_flow_and_code_are_told_at_once_and_doubts_beside_them(tmp_path: Path) -> None:
    source = flow(step("a", {"system": "nowhere"}))
    text = "@task('a')\ndef a(r): ...\n@task('typo')\ndef b(r): ...\n"
    ship(tmp_path / "shop", source, text)
    catalog = Catalog([tmp_path], built_in=False, binding_checks={"simulated": lambda binding: []})
    _, problems, _ = catalog.examine(catalog.find("shop"))
    assert [problem.code for problem in problems] == ["UNKNOWN_SYSTEM"]
    ship(tmp_path / "shop", source, text + "@task('a')\ndef again(r): ...\n")
    catalog.reload()
    _, problems, _ = catalog.examine(catalog.find("shop"))
    assert sorted(problem.code for problem in problems) == ["TASKS", "UNKNOWN_SYSTEM"]
    ship(tmp_path / "shop", flow(step("a")), text)
    catalog.reload()
    sound, problems, doubts = catalog.examine(catalog.find("shop"))
    assert sound is not None and problems == []
    assert [doubt.message for doubt in doubts] == ["@task binds 'typo', which is no task step of the flow."]


def test_a_flow_file_is_found_by_its_path_with_the_tasks_beside_it(tmp_path: Path) -> None:
    folder = ship(tmp_path / "elsewhere", flow(), "@task('f')\ndef f(request): ...\n")
    (folder / "special.json").write_text(json.dumps(flow()))
    catalog = Catalog([], built_in=False)
    special = catalog.find(folder / "special.json")
    assert (special.name, special.tasks) == ("shop", {"f": "function"}), "a file has the id of its flow as its name"
    assert catalog.find(str(folder / "flow.json")).name == "shop"
    assert catalog.find(str(folder)).name == "elsewhere"
    assert Catalog([folder], built_in=False).find(str(folder / "flow.json")).name == "elsewhere", "it is known"


def test_what_is_not_there_is_said_with_what_is_known(tmp_path: Path) -> None:
    ship(tmp_path / "orders", flow())
    (tmp_path / "bad.json").write_text("{")
    catalog = Catalog([tmp_path], built_in=False)
    with pytest.raises(NotFound, match=r"no workflow 'order'\. Known: orders"):
        catalog.find("order")
    with pytest.raises(NotFound, match=r"no flow file .*gone\.json"):
        catalog.find(tmp_path / "gone.json")
    with pytest.raises(FlowProblems, match=r"'bad' cannot be used .*This is not JSON"):
        catalog.check(catalog.find(tmp_path / "bad.json"))


def test_tasks_are_bound_by_metadata_then_python_then_simulation(tmp_path: Path) -> None:
    convert = {"system": "process", "command": ["convert", "x"]}
    source = flow(step("convert", convert), step("index"), step("finish"), step("open"))
    text = "@task('convert')\ndef c(r): ...\n@task('index')\nclass I: ...\n@task('finish')\ndef f(r): ...\n"
    ship(tmp_path / "shop", source, text)
    catalog = Catalog([tmp_path], built_in=False, systems={"process": Named()})  # type: ignore[dict-item]
    shop = catalog.find("shop")
    plain = catalog.program(run_of(shop), source)
    python = {"workflow": "shop", "code": shop.code_path}
    assert plain.bindings == {
        "convert": Binding("process", "convert", convert),
        "index": Binding("python", "shop", {"system": "python", **python}, cancels=False),
        "finish": Binding("local", "shop", {"system": "local", **python}),
    }
    played = catalog.program(run_of(shop, simulated=True), source)
    assert played.bindings == {**plain.bindings, "open": Binding("simulated", "", {"system": "simulated"})}


def test_an_unbound_task_is_refused_unless_the_run_is_simulated(tmp_path: Path) -> None:
    ship(tmp_path / "shop", flow(step("bound"), step("open")), "@task('bound')\ndef b(r): ...\n")
    catalog = Catalog([tmp_path], built_in=False)
    with pytest.raises(FlowProblems) as caught:
        catalog.check(catalog.find("shop"))
    assert [problem.code for problem in caught.value.problems] == ["UNBOUND_TASK"]
    assert catalog.check(catalog.find("shop"), simulate=True).id == "shop"


def test_a_run_keeps_the_flow_it_started_with(tmp_path: Path) -> None:
    old = flow(step("a", {"system": "simulated"}), version="1")
    ship(tmp_path / "shop", old)
    catalog = Catalog([tmp_path], built_in=False)
    started = run_of(catalog.find("shop"))
    ship(tmp_path / "shop", flow(step("b", {"system": "simulated"}), version="2"))
    catalog.reload()
    renewed = catalog.find("shop")
    assert renewed.flow is not None and renewed.flow.version == "2"
    program = catalog.program(started, old)
    assert program.flow.version == "1" and list(program.bindings) == ["a"]
    assert program.step("a").id == "a"


def test_programs_are_kept_by_flow_and_code(tmp_path: Path) -> None:
    source = flow(step("a"))
    ship(tmp_path / "shop", source, "@task('a')\ndef a(r): ...\n")
    catalog = Catalog([tmp_path], built_in=False)
    fetched: list[str] = []

    def fetch() -> dict[str, Any]:
        fetched.append("flow")
        return source

    run = run_of(catalog.find("shop"))
    first = catalog.program(run, fetch)
    assert catalog.program(run, fetch) is first and fetched == ["flow"]
    assert catalog.program(run_of(catalog.find("shop"), simulated=True), source) is not first
    ship(tmp_path / "shop", source, "@task('a')\nclass A: ...\n")
    catalog.reload()
    assert catalog.program(run, fetch).bindings["a"].system == "python"


def test_a_run_finds_the_code_it_recorded_or_that_of_its_name(tmp_path: Path) -> None:
    apart = ship(tmp_path / "apart" / "shop", flow(step("a")), "@task('a')\ndef a(r): ...\n")
    started = run_of(Catalog([], built_in=False).find(apart))
    assert Catalog([], built_in=False).program(started, flow(step("a"))).bindings["a"].system == "local"
    (apart / "tasks.py").unlink()
    assert Catalog([], built_in=False).program(started, flow(step("a"))).bindings == {}
    ship(tmp_path / "new" / "shop", flow(step("a")), "@task('a')\nclass A: ...\n")
    moved = Catalog([tmp_path / "new"], built_in=False).program(started, flow(step("a")))
    assert moved.bindings["a"].config["code"] == str(tmp_path / "new" / "shop" / "tasks.py")


@pytest.mark.anyio
async def test_changed_code_is_imported_anew_at_the_next_call(tmp_path: Path) -> None:
    source = flow(step("a"))
    ship(tmp_path / "shop", source, "@task('a')\ndef a(r): return Completed('old')\n")
    catalog = Catalog([tmp_path], built_in=False)
    run = run_of(catalog.find("shop"))
    request = TaskRequest("r1", "shop", "a", "main", 1, 1, "k", NOW)

    async def outcome() -> object:
        return await catalog.run_local(catalog.program(run, source).bindings["a"], request)

    assert await outcome() == Completed("old")
    before = catalog.code_of(run)
    ship(tmp_path / "shop", source, "@task('a')\ndef a(r): return Completed('new')\n")
    assert await outcome() == Completed("new")
    after = catalog.code_of(run)
    assert before is not None and after is not None and before.hash == run.code_hash != after.hash
    kept = catalog.code(catalog.program(run, source).bindings["a"].config)
    catalog.reload()
    assert catalog.code(catalog.program(run, source).bindings["a"].config) is kept
    assert catalog.stuck_threads() == {}
    catalog.close()


def test_listing_and_programs_need_no_schema_library_and_run_no_author_code(tmp_path: Path) -> None:
    source = flow(step("a"))
    ship(tmp_path / "shop", source, "raise SystemExit('imported')\n@task('a')\ndef a(r): ...\n")
    code = f"""
import sys, datetime
from pathlib import Path
from runtime.catalog.catalog import Catalog
from runtime.model.run import Run
catalog = Catalog([Path({str(tmp_path)!r})])
shop = catalog.find("shop")
assert shop.flow.version == "1" and shop.tasks, shop
now = datetime.datetime.now(datetime.UTC)
catalog.program(Run("r", "shop", "shop", "1", shop.flow.hash, now, now), shop.source)
print([name for name in ("pydantic", "jsonschema_rs", "textual", "aiohttp") if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (told.stdout.strip(), told.stderr) == ("[]", "")
