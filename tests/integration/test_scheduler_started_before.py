"""A scheduler that was there before the code was edited, and before a variable was set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scheduling import ROOT, environment, opened, scheduler
from tests.scraping import wait_for
from tests.unit.operations.test_file_flows import flow, write

TASKS = """
from runtime.authoring import Completed, task
from .word import WORD

@task("work")
def work(request):
    return Completed(WORD)
"""


def forkjoin(store: Path, workflows: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *words],
        env={**environment(store, workflows, more), "HOME": str(store.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="the kernel shows no environment")
def test_edited_code_runs_and_a_new_variable_is_told(tmp_path: Path) -> None:
    store, known = tmp_path / "store", tmp_path / "known"
    source = flow("shop")
    source["steps"][1]["metadata"] = {"note": "${env.SHOP_URL}"}
    write(known / "shop", "flow.json", source, TASKS)
    (known / "shop" / "word.py").write_text("WORD = 'old'\n")
    with opened(store, known) as runtime, scheduler(store, known, SHOP_URL="http://old"):

        def ended(run_id: str) -> bool:
            found = runtime.store.runs.get(run_id)
            return found is not None and found.ended_at is not None

        first = forkjoin(store, known, "start", "shop", "--id", "one", "--json", SHOP_URL="http://old")
        assert json.loads(first.stdout)["id"] == "one"
        wait_for(lambda: ended("one"), 30)
        same = forkjoin(store, known, "start", "shop", "--id", "same", SHOP_URL="http://old")
        assert "set otherwise" not in same.stderr
        (known / "shop" / "word.py").write_text("WORD = 'new'\n")
        second = forkjoin(store, known, "start", "shop", "--id", "two", "--json", SHOP_URL="http://new")
        assert "SHOP_URL is set otherwise here than in the scheduler" in second.stderr
        assert json.loads(second.stdout)["id"] == "two"
        wait_for(lambda: ended("two"), 30)
        assert runtime.json_views.show("one")["results"]["work"] == "old"
        assert runtime.json_views.show("two")["results"]["work"] == "new"
        assert not [e for e in runtime.json_views.history("two") if e["kind"] == "code_changed"]
