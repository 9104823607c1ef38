"""A start nobody can account for, from the command line: found, adopted, or started anew."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.external.worlds import http_binding
from tests.integration.test_births import one_task
from tests.job_server import JobServer
from tests.scheduling import drive, environment, opened

HOW = ("idempotent", "find", "neither")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JobServer]:
    with JobServer(tmp_path / "jobs.jsonl") as server:
        yield server


def flows_for(how: str, server: JobServer, folder: Path) -> Path:
    task = http_binding(server.url, {"duration": 0, "result": 7})
    if how != "idempotent":
        del task["start"]["idempotent"]
    if how != "find":
        del task["find"]
    return one_task(folder, task)


def forkjoin(store: str, flows: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *words],
        env=environment(store, flows),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shown(store: str, flows: Path) -> dict[str, Any]:
    with opened(store, flows) as runtime:
        return dict(runtime.json_views.show("r"))


@pytest.mark.parametrize("point", ["start.before_call", "start.after_call"])
@pytest.mark.parametrize("how", HOW)
def test_killed_between_call_and_save_each_job_is_made_once(
    how: str, point: str, server: JobServer, tmp_path: Path
) -> None:
    store, flows = str(tmp_path / "store"), flows_for(how, server, tmp_path / "flows")
    with opened(store, flows) as runtime:
        runtime.commands.start("one", run_id="r")
    assert drive(store, flows, FORKJOIN_CRASH_AT=point).returncode == -signal.SIGKILL
    assert drive(store, flows).returncode == 0
    made = 1 if point == "start.after_call" else 0
    run = shown(store, flows)
    if how == "neither":
        assert run["branches"][0]["status"] == "unconfirmed"
        assert server.stats()["jobs"] == made
        refused = forkjoin(store, flows, "find", "r", "main")
        assert refused.returncode == 4
        if made:
            taken = forkjoin(store, flows, "adopt", "r", "main", "--external-id", "job-1")
        else:
            assert forkjoin(store, flows, "retry", "r", "main").returncode == 4
            taken = forkjoin(store, flows, "retry", "r", "main", "--force")
        assert taken.returncode == 0, taken.stderr
        assert drive(store, flows).returncode == 0
        run = shown(store, flows)
    assert run["status"] == "completed"
    assert server.stats()["jobs"] == 1
    ledger = json.loads(forkjoin(store, flows, "polls", "r", "--json").stdout)
    assert {"at", "branch", "attempt", "took_ms", "answer", "reading", "next_poll_at", "verb"} == set(ledger[0])
    found = forkjoin(store, flows, "find", "r", "main", "--json")
    assert found.returncode == (0 if how == "find" else 4), found.stderr
