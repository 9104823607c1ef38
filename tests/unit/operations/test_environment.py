"""Who asks with another environment than the scheduler's is told so, and nothing of either is stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.operations.environment import named_variables, other_environment
from runtime.operations.queries.doctor import examined
from runtime.settings import Settings
from tests.unit.operations.test_file_flows import flow, write

HOST = os.uname().nodename
TASK = {
    "system": "http",
    "start": {
        "url": "${env.SHOP_URL}/jobs",
        "headers": {"A": "Bearer ${ env.SHOP_TOKEN }"},
        "externalId": "response.json.id",
    },
    "poll": {"url": "${env.SHOP_URL}/${externalId}", "status": "response.json.s", "completed": ["ok"]},
}
MINE = {"SHOP_URL": "http://new", "SHOP_TOKEN": "t0", "OTHER": "mine"}


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    known = tmp_path / "known"
    write(known / "shop", "flow.json", flow("shop", task=TASK))
    settings = Settings.load({"store": str(tmp_path / "store"), "workflows": [str(known)]}, env={"HOME": str(tmp_path)})
    made = open_runtime(settings)
    yield made
    made.close()


def beat(runtime: Runtime, *, pid: int = 7, host: str = HOST, seconds_ago: float = 0, **more: Any) -> None:
    """A scheduler shows itself."""
    at = runtime.clock.now().timestamp() - seconds_ago
    from datetime import UTC, datetime

    told = {"pid": pid, "host": host, "beat_at": datetime.fromtimestamp(at, UTC).isoformat(), **more}
    runtime.store.facts.put("scheduler", told)


def process(tmp_path: Path, environ: Mapping[str, str], *, pid: int = 7, command: str = "python -m runtime") -> Path:
    """What the kernel shows of the processes there are."""
    folder = tmp_path / "proc" / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cmdline").write_bytes(command.replace(" ", "\0").encode())
    (folder / "environ").write_bytes(b"\0".join(f"{k}={v}".encode() for k, v in environ.items()) + b"\0")
    return tmp_path / "proc"


def told(runtime: Runtime, processes: Path, mine: Mapping[str, str] = MINE, run_id: str | None = None) -> str:
    catalog = runtime.queries.catalog
    return other_environment(runtime.store, catalog, runtime.clock.now(), run_id, environ=mine, processes=processes)


@pytest.mark.parametrize(
    ("theirs", "mine", "names"),
    [
        ({"SHOP_URL": "http://old", "SHOP_TOKEN": "t0"}, MINE, "SHOP_URL is set otherwise"),
        ({"SHOP_TOKEN": "t0"}, MINE, "SHOP_URL is set otherwise"),
        ({}, MINE, "SHOP_TOKEN, SHOP_URL are set otherwise"),
        ({"SHOP_URL": "http://new", "SHOP_TOKEN": "t0", "OTHER": "theirs"}, MINE, ""),
        ({"SHOP_URL": "http://old", "SHOP_TOKEN": "t1"}, {"OTHER": "mine"}, ""),
        ({"SHOP_URL": "", "SHOP_TOKEN": "t0"}, {"SHOP_URL": ""}, ""),
        ({"SHOP_URL": "a=b"}, {"SHOP_URL": "a=c"}, "SHOP_URL is set otherwise"),
    ],
)
def test_variables_that_flows_name_and_that_are_set_otherwise_here_are_told(
    runtime: Runtime, tmp_path: Path, theirs: dict[str, str], mine: dict[str, str], names: str
) -> None:
    beat(runtime)
    said = told(runtime, process(tmp_path, theirs), mine)
    assert said.startswith(names) if names else said == ""
    if names:
        assert said.endswith(f"kill 7; forkjoin scheduler --store {tmp_path / 'store'}")
        assert not any(value and value in said for value in (*theirs.values(), *mine.values()))


def test_nothing_is_said_of_what_cannot_be_known(runtime: Runtime, tmp_path: Path) -> None:
    processes = process(tmp_path, {"SHOP_URL": "http://old"})
    assert told(runtime, processes) == "", "no scheduler"
    beat(runtime, host="another")
    assert told(runtime, processes) == ""
    beat(runtime, seconds_ago=3_600)
    assert told(runtime, processes) == ""
    beat(runtime, stopped=True)
    assert told(runtime, processes) == ""
    beat(runtime, pid=8)
    assert told(runtime, processes) == "", "its process cannot be read"
    beat(runtime)
    assert told(runtime, processes) != ""
    process(tmp_path, {"SHOP_URL": "http://old"}, command="/usr/bin/editor notes")
    assert told(runtime, processes) == "", "another program has its number now"


def test_workers_on_this_machine_are_compared_each(runtime: Runtime, tmp_path: Path) -> None:
    processes = process(tmp_path, {"SHOP_URL": "http://new", "SHOP_TOKEN": "t0"}, pid=7, command="forkjoin worker")
    process(tmp_path, {"SHOP_URL": "http://old", "SHOP_TOKEN": "t0"}, pid=9, command="forkjoin worker")
    beat(runtime, workers=[{"pid": 7, "host": HOST}, {"pid": 8, "host": "another"}, {"pid": 9, "host": HOST}])
    assert told(runtime, processes).endswith("kill 9; forkjoin worker")


def test_the_flow_of_the_run_at_hand_counts_though_no_folder_has_it(runtime: Runtime, tmp_path: Path) -> None:
    task = {"system": "process", "command": ["x"], "env": {"K": "${env.LONE_KEY}"}, "inherit": ["LONE_DIR"]}
    runtime.commands.start(str(write(tmp_path / "lone", "x.json", flow("lone", task=task))), run_id="lone")
    beat(runtime)
    processes = process(tmp_path, {})
    mine = {"LONE_KEY": "k", "LONE_DIR": "d"}
    assert told(runtime, processes, mine) == ""
    assert told(runtime, processes, mine, "lone").startswith("LONE_DIR, LONE_KEY are")


def test_names_are_read_from_templates_alone() -> None:
    source = flow("x", task={"system": "http", "start": {"url": "${env.A_1}/${state.env.B}/env.C/${x(env.D)}"}})
    assert named_variables([source, {"steps": None}, {"steps": [3]}]) == ["A_1", "B", "D"]


def test_doctor_says_it_and_nothing_of_a_value_is_stored(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = process(tmp_path, {"SHOP_URL": "http://old-secret", "SHOP_TOKEN": "t0"})
    beat(runtime)
    monkeypatch.setattr(
        "runtime.operations.environment.other_environment",
        lambda *where: other_environment(*where, environ=MINE, processes=processes),
    )
    (check,) = [c for c in examined(runtime.queries, tmp_path / "store") if c.name == "environment"]
    assert not check.ok
    assert "SHOP_URL" in check.text
    whole = b"".join(file.read_bytes() for file in (tmp_path / "store").rglob("*") if file.is_file())
    assert b"old-secret" not in whole
    assert json.dumps(runtime.store.facts.get("scheduler")).find("t0") < 0
