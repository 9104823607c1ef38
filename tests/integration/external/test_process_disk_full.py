"""A disk that is full keeps no job from its end, loses none, and starts none twice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import Unreachable
from runtime.external.process.job_folder import JobFolder
from runtime.external.process.system import ProcessSystem
from runtime.model.task import Completed, Failed, Running, Started
from tests.contract.external.calls import call_of, end_of, started, wait_for

pytestmark = pytest.mark.anyio


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir(mode=0o700)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(place)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    """Take every block that is left."""
    with (disk / "filling").open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    with pytest.raises(OSError), (disk / "one more").open("wb", buffering=0) as file:
        file.write(b"x")


def free(disk: Path) -> None:
    (disk / "filling").unlink()


def waiting(tmp_path: Path, then: str) -> dict[str, Any]:
    script = f'echo run >> "{tmp_path}/tally"; while [ ! -e "{tmp_path}/go" ]; do sleep 0.02; done; {then}'
    return {"system": "process", "command": ["sh", "-c", script]}


def runs(tmp_path: Path) -> int:
    tally = tmp_path / "tally"
    return len(tally.read_text().splitlines()) if tally.exists() else 0


@pytest.mark.parametrize(("then", "code"), [("exit 0", 0), ("exit 7", 7), ("echo much; echo more >&2; exit 3", 3)])
async def test_the_end_of_a_command_is_written_into_the_space_it_has(
    disk: Path, tmp_path: Path, then: str, code: int
) -> None:
    system = ProcessSystem(disk)
    call = await started(system, waiting(tmp_path, then))
    wait_for(lambda: runs(tmp_path) == 1)
    fill(disk)
    (tmp_path / "go").touch()
    answer = await end_of(system, call)
    if code == 0:
        assert answer == Completed()
    else:
        assert isinstance(answer, Failed)
        assert f"exit code {code}" in answer.message
        assert ("are lost, the disk could not take them" in answer.message) is ("echo" in then)
    assert runs(tmp_path) == 1


async def test_a_command_that_cannot_be_started_is_told_of_and_started_once_later(disk: Path, tmp_path: Path) -> None:
    system, binding = ProcessSystem(disk), waiting(tmp_path, "exit 0")
    (tmp_path / "go").touch()
    fill(disk)
    for _ in range(3):
        with pytest.raises(Unreachable, match="No space left"):
            await system.start(call_of(binding))
    assert not list((disk / "jobs").iterdir()), "no half of a folder stays"
    free(disk)
    call = await started(system, binding)
    assert await end_of(system, call) == Completed()
    assert runs(tmp_path) == 1


async def test_a_job_whose_folder_was_made_is_claimed_and_run_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    system, binding = ProcessSystem(disk), waiting(tmp_path, "exit 0")
    (tmp_path / "go").touch()
    call = call_of(binding)
    folder = JobFolder.of_key(disk / "jobs", call.request.idempotency_key)
    folder.create({"key": "k", "command": binding["command"], "cwd": None, "result": None})
    fill(disk)
    assert await system.start(call) == Started(folder.name)
    assert await end_of(system, call_of(binding, external_id=folder.name)) == Completed()
    assert runs(tmp_path) == 1


async def test_a_job_can_be_cancelled_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    system = ProcessSystem(disk, grace_seconds=1, patience_seconds=10)
    call = await started(system, waiting(tmp_path, "exit 0"))
    wait_for(lambda: runs(tmp_path) == 1)
    never = JobFolder.of_key(disk / "jobs", "never begun")
    never.create({"key": "never begun", "command": ["true"], "cwd": None, "result": None})
    fill(disk)
    await system.cancel(call)
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert answer.type == "Cancelled"
    await system.cancel(call_of({"command": ["true"]}, key="never begun", external_id=never.name))
    assert isinstance(await system.poll(call_of({"command": ["true"]}, external_id=never.name)), Failed)


async def test_an_end_that_cannot_be_written_yet_is_written_once_it_can(disk: Path, tmp_path: Path) -> None:
    # As a supervisor of an older forkjoin left it: no space was reserved.
    system = ProcessSystem(disk)
    call = await started(system, waiting(tmp_path, "exit 5"))
    wait_for(lambda: runs(tmp_path) == 1)
    (JobFolder(disk / "jobs", call.request.external_id or "").path / "end.json.space").unlink()
    fill(disk)
    (tmp_path / "go").touch()
    command = JobFolder(disk / "jobs", call.request.external_id or "")
    wait_for(lambda: command.command_pid() is None)
    assert isinstance(await system.poll(call), Running), "nobody says that it left no exit code"
    free(disk)
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert "exit code 5" in answer.message


async def test_output_goes_on_once_there_is_room_and_tells_what_is_missing(disk: Path, tmp_path: Path) -> None:
    system = ProcessSystem(disk)
    script = (
        f'while [ ! -e "{tmp_path}/go" ]; do sleep 0.02; done; head -c 200000 /dev/zero; : > "{tmp_path}/said"; '
        f'while [ ! -e "{tmp_path}/on" ]; do sleep 0.02; done; echo again'
    )
    call = await started(system, {"system": "process", "command": ["sh", "-c", script], "result": "text"})
    folder = JobFolder(disk / "jobs", call.request.external_id or "")
    wait_for(folder.pumped)
    fill(disk)
    (tmp_path / "go").touch()
    wait_for((tmp_path / "said").exists)
    free(disk)
    (tmp_path / "on").touch()
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    # A pipe holds less than was written, so much of it was taken while the disk was full.
    assert "bytes of its stdout are lost" in answer.message
    assert "bytes are missing here" in await system.logs(call)
    assert os.listdir(folder.path)
