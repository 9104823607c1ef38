"""What a command says is bounded while it runs, masked before it is stored, and outlives whoever takes it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.external.process.command import output_limit
from runtime.external.process.job_folder import JobFolder
from runtime.external.process.pump import pieces
from runtime.external.process.supervisor import start_mark
from runtime.external.process.system import ProcessSystem
from runtime.model.task import Completed, Failed, Running
from tests.contract.external.calls import end_of, started, wait_for
from tests.secrets import ODD, spellings

pytestmark = pytest.mark.anyio
LIMIT = 100_000
SLACK = 40_000
"""Bytes of records and of room reserved for them."""


@pytest.fixture
def system(tmp_path: Path) -> ProcessSystem:
    return ProcessSystem(tmp_path, grace_seconds=1, patience_seconds=10)


def shell(script: str, **more: Any) -> dict[str, Any]:
    return {"system": "process", "command": ["sh", "-c", script], **more}


def folder_of(tmp_path: Path, call: Any) -> JobFolder:
    return JobFolder(tmp_path / "jobs", call.request.external_id or "")


def size_of(folder: JobFolder) -> int:
    return sum(path.stat().st_size for path in folder.path.iterdir() if path.exists())


def supervisor_of(folder: JobFolder) -> int:
    wait_for((folder.path / "process.json").exists)
    return int(json.loads((folder.path / "supervisor.json").read_text())["pid"])


def pump_of(folder: JobFolder) -> int:
    """The process that holds the lock of the pump of a folder."""
    wait_for(folder.pumped)
    lock = os.fspath(folder.path / "pump.lock")
    for opened in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(opened) == lock:
                return int(opened.parts[2])
    raise AssertionError("there is no pump")


async def test_a_long_output_keeps_its_beginning_and_its_end_and_says_what_is_missing(
    system: ProcessSystem, tmp_path: Path
) -> None:
    script = "echo begun; seq 1000000; echo ended; seq 1000000 >&2; echo bad >&2; exit 3"
    call = await started(system, shell(script, outputLimit="100 kB"))
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert "exit code 3" in answer.message and "bytes in the middle of its stdout are left out" in answer.message
    assert len(answer.details["not_kept"]) == 2
    folder = folder_of(tmp_path, call)
    assert size_of(folder) <= 2 * LIMIT + SLACK
    whole = folder.output("stdout").tail(10 * LIMIT)
    beginning, notice, end = whole.partition("\n[... ")
    assert beginning.startswith("begun\n1\n2\n") and end.endswith("999999\n1000000\nended\n")
    left_out = 6_888_896 + len("begun\nended\n") - len(beginning) - len(end.partition("...]\n")[2])
    assert f"{left_out:,} bytes are left out here" in notice + end
    assert "bytes are left out here" not in await system.logs(call) or "ended" in await system.logs(call)
    assert answer.details["stderr"].endswith("1000000\nbad\n")


async def test_a_command_that_writes_for_ever_fills_no_disk_and_is_not_held_up(
    system: ProcessSystem, tmp_path: Path
) -> None:
    call = await started(system, shell("yes & yes >&2", outputLimit=LIMIT))
    folder = folder_of(tmp_path, call)
    wait_for(lambda: max(pieces(str(folder.path), "stdout"), default=0) > 100)
    at = max(pieces(str(folder.path), "stderr"))
    wait_for(lambda: max(pieces(str(folder.path), "stderr")) > at + 100)
    assert isinstance(await system.poll(call), Running)
    assert size_of(folder) <= 2 * LIMIT + SLACK
    await system.cancel(call)
    assert isinstance(await end_of(system, call), Failed)


@pytest.mark.parametrize("kind", ["json", "text"])
async def test_a_result_of_which_a_part_was_cut_is_a_failure(system: ProcessSystem, kind: str) -> None:
    for script in ("printf '['; yes 1, | head -2000; echo 1]", "yes | head -200000"):
        answer = await end_of(
            system, await started(system, shell(script, outputLimit=4000, result=kind), key=f"{kind}{script}")
        )
        assert isinstance(answer, Failed)
        assert (answer.type, answer.retryable) == ("ResultTooLarge", False)
        assert "left out" in answer.message


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 1500, 1999, 2000, 2001])
async def test_an_output_within_its_limit_is_whole(system: ProcessSystem, size: int) -> None:
    text = "0123456789" * 300
    binding = {"system": "process", "command": ["printf", "%s", text[:size]], "outputLimit": 2001, "result": "text"}
    assert await end_of(system, await started(system, binding)) == Completed(text[:size])


@pytest.mark.parametrize(
    ("written", "size"),
    [(None, 64_000_000), ("10 MB", 10_000_000), ("1kB", 1_000), ("1.5 MiB", 1_572_864), (5000, 5_000),
     ("2 GB", 2_000_000_000),
     ("10", None), ("ten", None), (-1, None), (True, None), ("10 MBit", None), ([], None), (float("nan"), None),
     ("9" * 30 + " TB", None), ("0 MB", None), (10**13, None), ("${state.limit}", None)],
)  # fmt: skip
def test_the_limit_is_a_size(system: ProcessSystem, written: Any, size: int | None) -> None:
    binding = shell("true", outputLimit=written)
    assert output_limit(binding) == size
    assert [problem[:33] for problem in system.problems(binding)] == (
        [] if size else ["`outputLimit` must be a size from"]
    )


SAY = """
import os, sys, time
for n in range(int(sys.argv[1])):
    os.write(1, b"x" * 1000); os.write(2, b"line %d\\n" % n)
    if n == 50: open(sys.argv[2], "w").close()
    if n > 50: time.sleep(0.002)
open(sys.argv[2] + ".end", "w").close()
"""


def saying(tmp_path: Path, lines: int = 600) -> dict[str, Any]:
    return {"system": "process", "command": [sys.executable, "-c", SAY, str(lines), str(tmp_path / "half")]}


async def test_a_command_goes_on_when_its_supervisor_is_killed_while_it_writes(
    system: ProcessSystem, tmp_path: Path
) -> None:
    call = await started(system, saying(tmp_path))
    folder = folder_of(tmp_path, call)
    wait_for((tmp_path / "half").exists)
    os.kill(supervisor_of(folder), signal.SIGKILL)
    wait_for((tmp_path / "half.end").exists)
    wait_for(lambda: folder.output("stderr").tail(100).endswith("line 599\n"))
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert answer.type == "ProcessDied"


async def test_a_pump_that_is_killed_is_started_again(system: ProcessSystem, tmp_path: Path) -> None:
    call = await started(system, saying(tmp_path))
    folder = folder_of(tmp_path, call)
    wait_for((tmp_path / "half").exists)
    os.kill(pump_of(folder), signal.SIGKILL)
    assert await end_of(system, call) == Completed()
    assert folder.output("stderr").tail(100).endswith("line 599\n")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc to reach the pipes of another process")
async def test_a_command_that_lost_supervisor_and_pump_waits_and_is_given_another_pump(
    system: ProcessSystem, tmp_path: Path
) -> None:
    call = await started(system, saying(tmp_path, 900))
    folder = folder_of(tmp_path, call)
    wait_for((tmp_path / "half").exists)
    pump = pump_of(folder)
    os.kill(supervisor_of(folder), signal.SIGKILL)
    os.kill(pump, signal.SIGKILL)
    command = folder.command_pid()
    assert command is not None, "it did not die of a broken pipe"
    wait_for(lambda: not isinstance(_now(system, call), Running) or (tmp_path / "half.end").exists())
    assert (tmp_path / "half.end").exists()
    wait_for(lambda: folder.output("stderr").tail(100).endswith("line 899\n"))


def _now(system: ProcessSystem, call: Any) -> Any:
    return system._look(JobFolder(system._root, call.request.external_id or ""), call)


async def test_what_a_command_left_behind_does_not_keep_it_from_its_end(system: ProcessSystem, tmp_path: Path) -> None:
    script = f"(sleep 60; echo late) & echo $! > '{tmp_path}/left'; echo said"
    call = await started(system, shell(script, result="text"))
    assert await end_of(system, call) == Completed("said")
    left = int((tmp_path / "left").read_text())
    assert start_mark(left) is not None
    os.kill(left, signal.SIGKILL)


async def test_no_file_of_a_job_holds_a_secret_in_a_usual_spelling(system: ProcessSystem, tmp_path: Path) -> None:
    usual = ("plain", "json", "json exact", "json in json", "percent", "base64", "basic login", "html", "hex", "form")
    secret = ODD[1]
    texts = [spellings(secret)[name] for name in usual]
    code = (
        "import json, os, sys, time\n"
        "for text in json.loads(os.environ['TEXTS']) + [os.environ['TOKEN']]:\n"
        "    for fd in (1, 2):\n"
        "        raw = ('<' + text + '>').encode()\n"
        "        for at in range(0, len(raw), 5): os.write(fd, raw[at:at + 5]); time.sleep(0.001)\n"
        "os.system('env >&2'); sys.exit(3)"
    )
    binding = {
        "system": "process",
        "command": [sys.executable, "-c", code],
        "env": {"TOKEN": "${env.TOKEN}", "TEXTS": "${state.texts}"},
    }
    state, env = {"texts": json.dumps(texts)}, {"TOKEN": secret, "PATH": os.environ["PATH"]}
    call = await started(system, binding, state=state, env=env)
    answer = await end_of(system, call)
    wait_for(lambda: not folder_of(tmp_path, call).pumped())
    stored = b"\n".join(path.read_bytes() for path in folder_of(tmp_path, call).path.iterdir() if path.is_file())
    assert b"TOKEN=***" in stored
    shown = f"{stored.decode('utf-8', 'replace')} {answer!r} {await system.logs(call)}"
    assert not [text for text in texts if text in shown]
