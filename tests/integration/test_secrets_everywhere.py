"""A hostile job server and a talkative process give away what they were given: nothing of it is kept or shown."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.app import ForkjoinApp
from console.cli.main import run
from console.options import SessionOptions
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.model.act import Actor
from runtime.settings import Settings
from tests.console.world import NO_COLOUR, Desk
from tests.job_server import JobServer
from tests.secrets import ODD, spellings

ROOT = Path(__file__).resolve().parents[2]
SECRET = ODD[1]
OTHER = "another-0ne-for-the-process"
SPELT = {name: text for name, text in spellings(SECRET).items() if len(text) > 10}


def binding(url: str, **more: Any) -> dict[str, Any]:
    job = f"{url}/jobs/${{externalId}}"
    headers = {"Authorization": "Bearer ${env.JOBS_TOKEN}"}
    return {
        "system": "http",
        "start": {"url": f"{url}/jobs", "json": {"duration": 0}, "externalId": "response.json.id", "idempotent": True},
        "poll": {
            "url": job, "headers": headers, "status": "response.json.status", "completed": ["completed"],
            "failed": ["failed"], "result": "response.json.result", "error": "response.json.error",
        },
        "cancel": {"url": job},
        "logs": {"url": f"{job}/logs"},
        **more,
    }  # fmt: skip


def flow(url: str) -> dict[str, Any]:
    env = {"TOKEN": "${env.OTHER_TOKEN}"}
    talk = "import os, sys; os.system('env; env >&2'); os.write(2, os.environb[b'TOKEN']); sys.exit(3)"
    tasks = {
        "asks": binding(url),
        "fails": binding(url),
        "refused": binding(url),
        "odd id": binding(url),
        "talks": {"system": "process", "command": [sys.executable, "-c", talk], "env": env},
        "tells": {"system": "process", "command": ["printenv", "TOKEN"], "env": env, "result": "text"},
    }
    steps = [
        {"id": "begin", "name": "begin", "type": "begin"},
        *(
            {"id": name, "name": name, "type": "task", "metadata": {"task": task, "poll": {"interval": "0.2 seconds"}}}
            for name, task in tasks.items()
        ),
        {"id": "end", "name": "end", "type": "end"},
    ]
    ways = [("begin", name) for name in tasks] + [(name, "end") for name in tasks]
    return {
        "id": "leaky", "name": "leaky", "version": "1.0.0", "globalStateSchema": {"type": "object"}, "globalState": {},
        "steps": steps,
        "connections": [{"id": f"c{n}", "sourceStepId": a, "targetStepId": b} for n, (a, b) in enumerate(ways)],
    }  # fmt: skip


def found_in(text: str) -> list[str]:
    """Names of the spellings that a text holds, as it stands or once its JSON escapes are read."""
    texts = [text, text.replace("\\\\", "\\").replace('\\"', '"')]
    told = {**SPELT, "other": OTHER}
    return [name for name, spelt in told.items() if any(spelt in one for one in texts)]


def test_no_file_no_table_no_command_no_screen_and_no_log_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, flows = tmp_path / "store", tmp_path / "flows"
    spelt = json.dumps(SPELT, ensure_ascii=False)
    with JobServer(tmp_path / "jobs.jsonl") as server:
        (flows / "leaky").mkdir(parents=True)
        (flows / "leaky" / "flow.json").write_text(json.dumps(flow(server.url)))
        set_to = {
            "FORKJOIN_STORE": str(store),
            "FORKJOIN_WORKFLOWS": str(flows),
            "JOBS_TOKEN": SECRET,
            "OTHER_TOKEN": OTHER,
        }
        for name, value in set_to.items():
            monkeypatch.setenv(name, value)

        def say(*command: str) -> str:
            run(list(command))
            told = capsys.readouterr()
            assert "problem of its own" not in told.err, told.err
            return told.out + told.err

        server.faults(
            start=[
                {"status": 422, "body": f"no: {spelt}"},
                {"body": {"id": f"job-{SECRET}"}},
                {"status": 503, "body": spelt},
            ],
            poll=[
                {"body": {"status": "running", "progress": 0.5, "note": spelt}},
                {"status": 500, "body": f"bad token {spelt}"},
                {"body": {"status": SECRET}},
                {"body": {"status": "failed", "error": spelt}},
                {"body": {"status": "completed", "result": {spelt: [spelt, {"nested": SPELT}]}}},
                {"body": {"status": "completed", "result": spelt}},
            ],
            logs=[{"body": spelt}] * 10,
        )
        told = [say("start", "leaky", "--id", "r1")]
        line = [sys.executable, "-m", "console", "scheduler", "--until-idle", "--log-level", "debug"]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
        told.append(done.stdout + done.stderr)
        commands = (
            ["show", "r1"], ["show", "r1", "--json"], ["why", "r1"], ["why", "r1", "--json"], ["history", "r1"],
            ["polls", "r1"], ["polls", "r1", "--json"], ["list", "--json"], ["acts", "--json"], ["export"], ["doctor"],
            ["graph", "r1"], *(["logs", "r1", name] for name in ("asks", "talks", "tells", "odd id")),
        )  # fmt: skip
        told += [say(*command) for command in commands]
        told += asyncio.run(screens(store, flows))
    assert "exit code 3" in told[2] and "***" in "".join(told)
    for text in told:
        assert not found_in(text), text
    files = [path for path in store.rglob("*") if path.is_file()]
    assert any(path.name == "stderr" for path in files)
    for path in files:
        assert not found_in(path.read_bytes().decode("utf-8", "replace")), path
    assert run_process_folders(store) == 2
    assert "Removed 1 runs" in say("prune", "--older-than", "0s", "--failed")
    assert run_process_folders(store) == 0


async def screens(store: Path, flows: Path) -> list[str]:
    """Every screen of the console, and every pane for each branch of the run, in a window that cuts nothing."""
    settings = Settings.load({"store": str(store), "workflows": (str(flows),)}, env=dict(os.environ))
    who = Actor("mia", "console")

    def opened(*, read_only: bool) -> Runtime:
        return open_runtime(settings, read_only=read_only, actor=who)

    options = SessionOptions(
        open_reader=lambda: opened(read_only=True),
        open_actor=lambda: opened(read_only=False),
        now=lambda: datetime.now(UTC),
        look=NO_COLOUR,
        start_scheduler=lambda: None,
        refresh_seconds=0,
    )
    app = ForkjoinApp(options)
    seen: list[str] = []
    async with app.run_test(size=(400, 120)) as pilot:
        desk = Desk(app, pilot, None)  # type: ignore[arg-type]
        await desk.settle()
        await desk.look()
        seen += [await desk.press(key) for key in "2345671"]
        await desk.press("enter", "right_square_bracket")
        for _ in range(7):
            looking = ("j", "x", "w", "t", "v", "l", "l", "right_square_bracket", "g", "f")
            seen += [await desk.press(key) for key in (*looking, "R", "escape", "I", "escape")]
            await desk.press("escape", "enter", "right_square_bracket")
    shown = "\n".join(seen)
    assert "exit code 3" in shown and "***" in shown and "asks" in shown and "Key " in shown
    return seen


def run_process_folders(store: Path) -> int:
    return len([path for path in (store / "jobs").iterdir() if not path.name.startswith(".")])


@pytest.mark.parametrize("secret", ODD)
def test_the_test_itself_sees_a_secret(secret: str) -> None:
    assert found_in(f"x{SECRET}y") and found_in(json.dumps(SECRET)) and found_in(f"{OTHER}")
    assert not found_in("nothing")
