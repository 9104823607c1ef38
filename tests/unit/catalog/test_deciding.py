"""Where its syntax tree does not decide what a tasks.py binds, it is run: apart, briefly, and without our secrets."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from runtime.assembly.runtime import open_runtime
from runtime.catalog.catalog import Catalog
from runtime.catalog.probing import bound_by_running
from runtime.catalog.syntax import BoundTasks, read_tasks
from runtime.flow.problems import Problem
from runtime.settings import Settings
from tests.unit.catalog.test_catalog import flow, ship, step

IMPORT = "from runtime.authoring import *\n"
WORK = "    async def start(self, r): ...\n    async def poll(self, r): ...\n"

UNDECIDED = {
    "factory": IMPORT + "def make(x):\n    @task(x)\n    def f(r): ...\n    return f\na = make('a')\n",
    "loop": IMPORT + "for x in ['a']:\n    @task(x)\n    def f(r): ...\n",
    "alias": IMPORT + "t = task\n@t('a')\ndef f(r): ...\n",
    "condition": IMPORT + "if True:\n    @task('a')\n    def f(r): ...\n",
    "other branch": IMPORT + "if False:\n    @task('b')\n    def f(r): ...\nelse:\n    @task('a')\n    def f(r): ...\n",
    "try": IMPORT + "try:\n    @task('a')\n    def f(r): ...\nfinally:\n    pass\n",
    "computed": IMPORT + "@task('A'.lower())\ndef f(r): ...\n",
    "module alias": "import runtime.authoring as fj\nours = fj\n@ours.task('a')\ndef f(r): ...\n",
    "getattr": "from runtime import authoring\n@getattr(authoring, 'task')('a')\ndef f(r): ...\n",
    "called": IMPORT + "def f(r): ...\ntask('a')(f)\n",
    "star beside": "from .beside import *\n@task('a')\ndef f(r): ...\n",
    "task beside": "from .beside import task\n@task('a')\ndef f(r): ...\n",
    "decorator beside": "from .beside import ours\n@ours\ndef f(r): ...\n",
    "module beside": "from . import beside\n@beside.task('a')\ndef f(r): ...\n",
    "another decorator": "from functools import lru_cache\n" + IMPORT + "@lru_cache\n@task('a')\ndef f(r): ...\n",
    "defined again": IMPORT + "@task('b')\ndef f(r): ...\n@task('a')\ndef f(r): ...\n",
    "removed": IMPORT + "@task('b')\ndef g(r): ...\ndel g\n@task('a')\ndef f(r): ...\n",
}
"""Sources of which only running tells that they bind `a`, a function, and nothing else."""
BESIDE = "from runtime.authoring import task\nours = task('a')\n"
DECIDED = {
    "plain": (IMPORT + "@task('a')\ndef f(r): ...\n@task('b')\nclass C:\n" + WORK, {"a": "function", "b": "class"}),
    "as": ("from runtime.authoring import task as t\n@t('a')\ndef f(r): ...\n", {"a": "function"}),
    "constant": (IMPORT + "A = 'a'\n@task(A)\ndef f(r): ...\n", {"a": "function"}),
    "helpers": ("import json\nfrom dataclasses import dataclass\n" + IMPORT + "@dataclass\nclass D: ...\n"
                "LOG = json.loads('1')\ndef helper(x): return x\n@task('a')\n@dataclass\nclass C:\n" + WORK,
                {"a": "class"}),
    "beside used within": (IMPORT + "from .beside import helper\n@task('a')\ndef f(r): return helper(r)\n",
                           {"a": "function"}),
    "nothing": ("x = 1\n", {}),
    "someone else's": ("from celery import task\n@task('a')\ndef f(r): ...\n", {}),
}  # fmt: skip


def written(folder: Path, text: str, beside: str = BESIDE) -> Path:
    (folder / "tasks.py").write_text(text)
    (folder / "beside.py").write_text(beside)
    return folder / "tasks.py"


@pytest.mark.parametrize("name", DECIDED)
def test_what_the_tree_says_needs_no_run(tmp_path: Path, name: str) -> None:
    text, kinds = DECIDED[name]
    path = written(tmp_path, text)
    found = read_tasks(text.encode(), str(path))
    assert found == BoundTasks(kinds, abilities=found.abilities)
    assert set(found.abilities) == {step for step, kind in kinds.items() if kind == "class"}


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_the_tree_does_not_say_is_found_by_running_it(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, UNDECIDED[name])
    assert read_tasks(UNDECIDED[name].encode(), str(path)).undecided
    assert bound_by_running(path) == BoundTasks({"a": "function"})


def test_it_is_run_apart_without_output_secrets_or_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOBS_TOKEN", "s3cret")
    seen = tmp_path / "seen"
    path = written(
        tmp_path,
        "import os, subprocess, sys\nfrom pathlib import Path\nprint('loud'); print('loud', file=sys.stderr)\n"
        "os.write(1, b'loud')\nsubprocess.Popen(['sleep', '100'])\n"
        f"Path({str(seen)!r}).write_text(repr(dict(os.environ)))\n" + UNDECIDED["factory"],
    )
    assert bound_by_running(path).kinds == {"a": "function"}
    assert capfd.readouterr() == ("", "")
    assert "s3cret" not in seen.read_text() and "PATH" in seen.read_text()
    forever = written(tmp_path, "while True: pass\n")
    found = bound_by_running(forever, seconds=0.5)
    assert found.undecided and "was not imported within 0.5 s" in found.doubt


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os\nos._exit(0)\n", "ended its process"),
        ("raise SystemExit(3)\n", "SystemExit"),
        ("import os\nos.environ['JOBS_URL']\n", "KeyError"),
        ("import nowhere_at_all\n", "No module named"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "ended its process"),
    ],
)
def test_what_cannot_be_run_is_doubted_and_not_refused(tmp_path: Path, text: str, said: str) -> None:
    ship(tmp_path / "shop", flow(step("a")), text + UNDECIDED["factory"])
    catalog = Catalog([tmp_path], built_in=False, probe=bound_by_running)
    found, problems, warnings = catalog.examine(catalog.find("shop"))
    assert found is not None and problems == []
    assert [w.code for w in warnings if said in w.message] == ["UNDECIDED_TASKS"]


def test_a_step_bound_twice_is_told_by_the_run(tmp_path: Path) -> None:
    twice = IMPORT + "for n in (1, 2):\n    def f(r): ...\n    globals()[f'f{n}'] = task('a')(f)\n"
    assert "twice" in bound_by_running(written(tmp_path, twice)).problems[0]


def test_the_catalog_runs_it_once_for_each_hash_and_never_where_nothing_may_be_run(tmp_path: Path) -> None:
    runs: list[Path] = []

    def probe(path: Path) -> BoundTasks:
        runs.append(path)
        return BoundTasks({"a": "function"})

    ship(tmp_path / "shop", flow(step("a"), step("b")), UNDECIDED["factory"])
    catalog = Catalog([tmp_path], built_in=False, probe=probe)
    for _ in range(2):
        _, problems, _ = catalog.examine(catalog.find("shop"))
        assert [problem.code for problem in problems] == ["UNBOUND_TASK"], "b is bound to nothing"
    assert len(runs) == 1
    (tmp_path / "shop" / "tasks.py").write_text(UNDECIDED["factory"] + "# changed\n")
    os.utime(tmp_path / "shop" / "tasks.py", (1, 1))
    catalog.examine(catalog.find("shop"))
    assert len(runs) == 2
    quiet = Catalog([tmp_path], built_in=False)
    shop, problems, _ = quiet.examine(quiet.find("shop"))
    assert shop is not None and problems == [], "what is not known is no problem"


def test_a_task_that_no_step_names_is_said_also_where_the_flow_is_wrong(tmp_path: Path) -> None:
    source = flow(step("send-email"), step("other", {"system": "simulated"}))
    text = IMPORT + "@task('send-emial')\ndef f(r): ...\n@task('other')\ndef g(r): ...\n"
    ship(tmp_path / "shop", {**source, "version": 5}, text)
    catalog = Catalog([tmp_path], built_in=False)
    _, problems, warnings = catalog.examine(catalog.find("shop"))
    assert Problem("SCHEMA", "$.version", "This should be text, but it is 5.") in problems
    said = [w.message for w in warnings if w.code == "UNUSED_TASK"]
    assert "'send-emial', which is no task step of the flow; did you mean 'send-email'?" in said[0]
    assert "'other', but that step has `metadata.task`" in said[1]


def test_sessions_that_may_run_nothing_doubt_and_all_others_run_it(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"open({str(mark)!r}, 'w')\n" + UNDECIDED["computed"]
    ship(tmp_path / "flows" / "shop", flow(step("a")), text)
    given = {"store": str(tmp_path / "store"), "workflows": (str(tmp_path / "flows"),)}
    open_runtime(Settings.load(given, env={})).close()
    for read_only, runs_code in ((True, True), (False, False), (True, False)):
        settings = Settings.load({**given, "read_only": read_only}, env={})
        with closing(open_runtime(settings, read_only=read_only, runs_code=runs_code)) as runtime:
            shown = {view["workflow"]: view for view in runtime.json_views.flows()}
            assert shown["shop"]["problems"] == []
            assert "UNDECIDED_TASKS" in shown["shop"]["warnings"][0]
            assert runtime.catalog.verdict(runtime.catalog.find("shop")).problems == ()
            assert not mark.exists()
    with closing(open_runtime(Settings.load(given, env={}))) as runtime:
        shown = {view["workflow"]: view for view in runtime.json_views.flows()}
        assert (shown["shop"]["tasks"], shown["shop"]["warnings"]) == (["a"], [])
    assert mark.exists()
