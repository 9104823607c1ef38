"""Process jobs survive the death of whoever started, supervises or shares them, and never run twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.external.process.job_folder import JobFolder
from runtime.external.process.supervisor import start_mark
from runtime.external.process.system import ProcessSystem
from runtime.model.task import Completed, Failed, Lost, Running, Started
from tests.contract.external.calls import call_of, end_of, started, wait_for

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[3]
STARTER = """
import asyncio, json, os, sys
from pathlib import Path
from runtime.external.process.system import ProcessSystem
from tests.contract.external.calls import call_of

async def main():
    system = ProcessSystem(Path(sys.argv[1]))
    print((await system.start(call_of(json.loads(sys.argv[2])))).external_id, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def counting(tmp_path: Path, script: str = "true") -> dict[str, Any]:
    """A binding whose command leaves a line in `tally` each time it runs."""
    return {"system": "process", "command": ["sh", "-c", f'echo run >> "{tmp_path}/tally"; {script}']}


def runs(tmp_path: Path) -> int:
    tally = tmp_path / "tally"
    return len(tally.read_text().splitlines()) if tally.exists() else 0


def starter(tmp_path: Path, binding: dict[str, Any]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", STARTER, str(tmp_path), json.dumps(binding)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def pid_in(tmp_path: Path, external_id: str, name: str) -> int:
    file = tmp_path / "jobs" / external_id / name
    wait_for(file.exists)
    return int(json.loads(file.read_text())["pid"])


def children(program: str) -> list[int]:
    """Processes this one started that run a program, by the name of its file."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and program in (stat.parent / "cmdline").read_text():
                found.append(int(stat.parent.name))
    return found


async def test_a_command_outlives_the_kill_of_the_process_that_started_it(tmp_path: Path) -> None:
    binding = counting(tmp_path, f'until [ -e "{tmp_path}/go" ]; do sleep 0.02; done; echo said')
    with starter(tmp_path, binding | {"result": "text"}) as process:
        assert process.stdout is not None
        external_id = process.stdout.readline().decode().strip()
        pid_in(tmp_path, external_id, "process.json")
        process.send_signal(signal.SIGKILL)
    system = ProcessSystem(tmp_path)
    call = call_of(binding, external_id=external_id)
    assert isinstance(await system.poll(call), Running)
    (tmp_path / "go").touch()
    assert await end_of(system, call) == Completed("said")
    assert runs(tmp_path) == 1


async def test_a_crash_between_making_the_folder_and_starting_is_made_good_by_the_next_start(tmp_path: Path) -> None:
    system, binding = ProcessSystem(tmp_path), counting(tmp_path)
    call = call_of(binding)
    folder = JobFolder.of_key(tmp_path / "jobs", call.request.idempotency_key)
    folder.create({"key": "k", "command": binding["command"], "cwd": None, "result": None})
    answers = await asyncio.gather(*(system.start(call) for _ in range(4)))
    assert set(answers) == {Started(folder.name)}
    assert await end_of(system, call_of(binding, external_id=folder.name)) == Completed()
    await system.start(call)
    assert runs(tmp_path) == 1


async def test_a_crash_between_making_the_folder_and_starting_is_made_good_by_a_poll(tmp_path: Path) -> None:
    system, binding = ProcessSystem(tmp_path), counting(tmp_path)
    folder = JobFolder.of_key(tmp_path / "jobs", "any key")
    folder.create({"key": "any key", "command": binding["command"], "cwd": None, "result": None})
    assert await end_of(system, call_of(binding, key="any key", external_id=folder.name)) == Completed()
    assert runs(tmp_path) == 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the children of this process in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
async def test_jobs_run_on_and_others_start_when_what_starts_them_is_gone(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.external.process.supervisors.PATIENCE_SECONDS", 0.5)
    system, others = ProcessSystem(tmp_path), set(children("spawner.py"))
    first = await started(system, counting(tmp_path, f'until [ -e "{tmp_path}/go" ]; do sleep 0.02; done'), key="1")
    pid_in(tmp_path, first.request.external_id or "", "process.json")
    (spawner,) = set(children("spawner.py")) - others
    os.kill(spawner, number)
    second = await started(system, counting(tmp_path), key="2")
    assert await end_of(system, second) == Completed()
    assert spawner not in children("spawner.py")
    (tmp_path / "go").touch()
    assert await end_of(system, first) == Completed()
    assert runs(tmp_path) == 2
    await system.close()
    assert set(children("spawner.py")) <= others


async def test_two_processes_starting_with_one_key_at_once_run_the_command_once(tmp_path: Path) -> None:
    binding = counting(tmp_path)
    starters = [starter(tmp_path, binding) for _ in range(3)]
    ids = set()
    for process in starters:
        with process:
            assert process.stdout is not None and process.stdin is not None
            ids.add(process.stdout.readline().decode().strip())
            process.stdin.close()
    (external_id,) = ids
    assert await end_of(ProcessSystem(tmp_path), call_of(binding, external_id=external_id)) == Completed()
    assert runs(tmp_path) == 1


async def test_a_job_whose_processes_are_all_killed_has_died_and_is_retried_only_by_hand(tmp_path: Path) -> None:
    system = ProcessSystem(tmp_path)
    call = await started(system, counting(tmp_path, "echo half way >&2; exec sleep 120"))
    external_id = call.request.external_id or ""
    command = pid_in(tmp_path, external_id, "process.json")
    wait_for(lambda: "half way" in JobFolder(tmp_path / "jobs", external_id).tail("stderr", 100))
    os.kill(pid_in(tmp_path, external_id, "supervisor.json"), signal.SIGKILL)
    os.kill(command, signal.SIGKILL)
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == ("ProcessDied", False)
    assert "half way" in answer.details["stderr"]
    await system.start(call)
    assert runs(tmp_path) == 1, "the same key never runs it again"


async def test_a_command_without_its_supervisor_is_still_running_until_it_ends(tmp_path: Path) -> None:
    system = ProcessSystem(tmp_path, grace_seconds=1, patience_seconds=5)
    call = await started(system, counting(tmp_path, "exec sleep 120"))
    external_id = call.request.external_id or ""
    command = pid_in(tmp_path, external_id, "process.json")
    os.kill(pid_in(tmp_path, external_id, "supervisor.json"), signal.SIGKILL)
    folder = JobFolder(tmp_path / "jobs", external_id)
    wait_for(lambda: not folder.supervised())
    assert isinstance(await system.poll(call), Running)
    await system.cancel(call)
    assert start_mark(command) is None
    answer = await system.poll(call)
    assert isinstance(answer, Failed)
    assert answer.type == "Cancelled"


async def test_another_process_that_got_the_pid_is_not_taken_for_the_job(tmp_path: Path) -> None:
    system = ProcessSystem(tmp_path)
    call = await started(system, counting(tmp_path, "exec sleep 120"))
    external_id = call.request.external_id or ""
    command = pid_in(tmp_path, external_id, "process.json")
    os.kill(pid_in(tmp_path, external_id, "supervisor.json"), signal.SIGKILL)
    os.kill(command, signal.SIGKILL)
    wait_for(lambda: start_mark(command) is None)
    bystander = subprocess.Popen(["sleep", "3600"])
    try:
        for name in ("supervisor.json", "process.json"):
            file = tmp_path / "jobs" / external_id / name
            file.write_text(json.dumps(json.loads(file.read_text()) | {"pid": bystander.pid}))
        answer = await system.poll(call)
        assert isinstance(answer, Failed)
        assert answer.type == "ProcessDied"
        await system.cancel(call)
        assert bystander.poll() is None, "a bystander is never signalled"
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_job_cancelled_before_its_supervisor_began_never_runs(tmp_path: Path) -> None:
    system, binding = ProcessSystem(tmp_path), counting(tmp_path)
    folder = JobFolder.of_key(tmp_path / "jobs", "any key")
    folder.create({"key": "any key", "command": binding["command"], "cwd": None, "result": None})
    call = call_of(binding, key="any key", external_id=folder.name)
    await system.cancel(call)
    assert await system.start(call) == Started(folder.name)
    answer = await system.poll(call)
    assert isinstance(answer, Failed)
    assert answer.type == "Cancelled"
    assert runs(tmp_path) == 0


async def test_a_removed_folder_is_a_lost_job(tmp_path: Path) -> None:
    system = ProcessSystem(tmp_path)
    call = await started(system, counting(tmp_path))
    await end_of(system, call)
    (tmp_path / "jobs").rename(tmp_path / "elsewhere")
    assert await system.poll(call) == Lost()
