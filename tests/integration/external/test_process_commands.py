"""What a process binding runs, what it may see and what its end means."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import Unreachable
from runtime.external.process.supervisor import start_mark
from runtime.external.process.system import ProcessSystem
from runtime.masking import MASK
from runtime.model.task import Completed, Failed, Running, Started
from tests.contract.external.calls import call_of, end_of, started, wait_for

pytestmark = pytest.mark.anyio
SHOW = (
    "import json, os, sys;"
    "print(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get('MODE'), os.environ['FORKJOIN_KEY']]))"
)


@pytest.fixture
def system(tmp_path: Path) -> ProcessSystem:
    return ProcessSystem(tmp_path, grace_seconds=1)


def python(code: str, *arguments: str, **more: Any) -> dict[str, Any]:
    return {"system": "process", "command": [sys.executable, "-c", code, *arguments], **more}


def shell(script: str, **more: Any) -> dict[str, Any]:
    return {"system": "process", "command": ["sh", "-c", script], **more}


async def failure_of(system: ProcessSystem, binding: dict[str, Any]) -> Failed:
    answer = await end_of(system, await started(system, binding))
    assert isinstance(answer, Failed)
    return answer


async def test_arguments_stay_whole_and_no_shell_reads_them(system: ProcessSystem, tmp_path: Path) -> None:
    nasty = "a b; touch hacked $(touch hacked) `id` 'q' \"d\" *"
    binding = python(SHOW, "${state.name}", "-", cwd="${state.dir}", env={"MODE": "fast"}, result="json")
    call = await started(system, binding, state={"name": nasty, "dir": str(tmp_path)})
    answer = await end_of(system, call)
    assert answer == Completed([[nasty, "-"], str(tmp_path), "fast", "run-1:send:1:-:1"])
    assert not (tmp_path / "hacked").exists()


async def test_values_of_the_environment_reach_the_command_but_no_file(system: ProcessSystem, tmp_path: Path) -> None:
    code = "import os; print(len(os.environ['TOKEN']))"
    binding = python(code, env={"TOKEN": "${env.JOBS_TOKEN}"}, result="json")
    env = {**os.environ, "JOBS_TOKEN": "s3cret-token"}
    assert await end_of(system, await started(system, binding, env=env)) == Completed(12)
    files = [path for path in (tmp_path / "jobs").rglob("*") if path.is_file()]
    assert files
    assert not any(b"s3cret-token" in path.read_bytes() for path in files)


async def test_a_command_sees_its_own_variables_and_nothing_else_of_the_scheduler(
    system: ProcessSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {"PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_TIME", "TZ", "TMPDIR"}
    for name in (*usual - {"PATH"}, "LD_DEBUG_OF_NOBODY", "JOBS_TOKEN", "FORKJOIN_STORE", "PYTHONPATH", "LCD", "PATHS"):
        monkeypatch.setenv(name, "C" if name.startswith(("LC_", "LANG")) else f"of-{name}")
    binding = python(
        "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n != 'LC_CTYPE'}))",
        env={"MODE": "fast", "TZ": "UTC"},
        result="json",
    )
    answer = await end_of(system, await started(system, binding))
    assert isinstance(answer, Completed)
    assert set(answer.result) == {*usual, "MODE", "FORKJOIN_KEY"}
    assert (answer.result["TZ"], answer.result["HOME"]) == ("UTC", "of-HOME")


async def test_what_a_command_inherits_is_a_secret_and_must_be_there(system: ProcessSystem) -> None:
    binding = shell('echo "it is $JOBS_TOKEN" >&2; exit 1', inherit=["JOBS_TOKEN"])
    call = await started(system, binding, env={"JOBS_TOKEN": "s3cret-token"})
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert answer.message.endswith(f"it is {MASK}")
    assert "s3cret" not in await system.logs(call)
    refused = await system.start(call_of(binding, key="other", env={}))
    assert isinstance(refused, Failed)
    assert "JOBS_TOKEN is not set" in refused.message


async def test_a_secret_the_command_says_is_masked_even_where_the_tail_is_cut(system: ProcessSystem) -> None:
    script = 'echo "$TOKEN"; printf "%s %s" "$TOKEN" "$PAD" >&2; exit 1'
    binding = shell(script, env={"TOKEN": "${env.JOBS_TOKEN}", "PAD": "x" * 3990})
    call = await started(system, binding, env={**os.environ, "JOBS_TOKEN": "s3cret-token"})
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert "token" not in f"{answer.message} {answer.details} {await system.logs(call)}"


async def test_a_missing_variable_is_a_failure_that_names_it(system: ProcessSystem) -> None:
    answer = await system.start(call_of(shell("true", env={"TOKEN": "${env.NO_SUCH_THING}"})))
    assert isinstance(answer, Failed)
    assert "NO_SUCH_THING" in answer.message


async def test_only_the_owner_may_look_into_job_folders(system: ProcessSystem, tmp_path: Path) -> None:
    await end_of(system, await started(system, shell("echo out")))
    for path in (tmp_path / "jobs", *(tmp_path / "jobs").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


async def test_a_program_that_does_not_exist_fails_without_another_try(system: ProcessSystem, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch(mode=0o600)
    for command in (["no-such-program-here"], ["./nor-this"], [str(plain)]):
        answer = await system.start(call_of({"system": "process", "command": command}))
        assert isinstance(answer, Failed)
        assert (answer.type, answer.retryable) == ("ProgramNotFound", False)
        assert command[0] in answer.message


async def test_a_folder_that_does_not_exist_is_named(system: ProcessSystem) -> None:
    answer = await system.start(call_of(shell("true", cwd="/no/such/folder")))
    assert isinstance(answer, Failed)
    assert "/no/such/folder" in answer.message


async def test_a_file_that_cannot_be_executed_is_told_by_the_poll(system: ProcessSystem, tmp_path: Path) -> None:
    program = tmp_path / "broken"
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o700)
    answer = await failure_of(system, {"system": "process", "command": [str(program)]})
    assert (answer.type, answer.retryable) == ("NotStarted", False)
    assert "Exec format" in answer.message


async def test_an_exit_code_comes_with_the_tail_of_stderr(system: ProcessSystem) -> None:
    answer = await failure_of(system, shell("yes noise | head -100000 >&2; echo disk is full >&2; exit 7"))
    assert answer.type == "ExitCode"
    assert "exit code 7" in answer.message
    assert answer.message.endswith("disk is full")
    assert len(answer.message) < 1000
    assert answer.details["exit_code"] == 7
    assert len(answer.details["stderr"]) <= 4000


async def test_a_signal_is_named(system: ProcessSystem) -> None:
    answer = await failure_of(system, shell("kill -9 $$"))
    assert answer.type == "Signal"
    assert "SIGKILL" in answer.message


@pytest.mark.parametrize(
    ("script", "kind", "expected"),
    [
        ("echo ignored", None, None),
        ("echo hello", "text", "hello"),
        ("echo '{\"a\": [1, 9007199254740993]}'", "json", {"a": [1, 9007199254740993]}),
    ],
)
async def test_the_result_is_what_the_binding_asks_of_stdout(
    system: ProcessSystem, script: str, kind: str | None, expected: Any
) -> None:
    assert await end_of(system, await started(system, shell(script, result=kind))) == Completed(expected)


@pytest.mark.parametrize("output", ["", "not json", "NaN", "1e999", "[123456789012345678901]"])
async def test_stdout_that_is_not_json_is_a_failure(system: ProcessSystem, output: str) -> None:
    answer = await failure_of(system, shell(f"printf %s '{output}'", result="json"))
    assert answer.type == "InvalidResult"


async def test_a_result_over_the_bound_is_a_failure(system: ProcessSystem) -> None:
    answer = await failure_of(system, shell("head -c 300000 /dev/zero", result="text"))
    assert (answer.type, answer.retryable) == ("ResultTooLarge", False)


async def test_cancel_ends_the_whole_group_and_kills_what_does_not_listen(
    system: ProcessSystem, tmp_path: Path
) -> None:
    script = f"trap '' TERM; sleep 120 & echo $! > '{tmp_path}/grandchild'; wait; wait; sleep 3600"
    call = await started(system, shell(script))
    wait_for(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text().strip())
    with pytest.raises(Unreachable, match="asked to end"):
        await ProcessSystem(tmp_path, grace_seconds=1, patience_seconds=0).cancel(call)
    await ProcessSystem(tmp_path, grace_seconds=1, patience_seconds=10).cancel(call)
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == ("Cancelled", False)
    grandchild = int((tmp_path / "grandchild").read_text())
    wait_for(lambda: start_mark(grandchild) is None)


async def test_logs_show_the_end_of_both_streams_while_it_runs(system: ProcessSystem) -> None:
    call = await started(system, shell("echo to out; echo to err >&2; exec sleep 120"))
    text = ""
    while "to err" not in text or "to out" not in text:
        assert isinstance(await system.poll(call), Running)
        text = await system.logs(call)
    await system.cancel(call)


async def test_bindings_that_cannot_work_are_told_before_anything_starts(system: ProcessSystem) -> None:
    bad: list[dict[str, Any]] = [
        {},
        {"command": "ls -l"},
        {"command": []},
        {"command": [" "]},
        {"command": ["ls", 3]},
        {"command": ["curl", "${env.TOKEN}"]},
        {"command": ["ls"], "cwd": 3},
        {"command": ["ls"], "cwd": "${env.HOME}"},
        {"command": ["ls"], "env": ["A=1"]},
        {"command": ["ls"], "env": {"A=B": "1"}},
        {"command": ["ls"], "result": "xml"},
        {"command": ["ls"], "inherit": "TOKEN"},
        {"command": ["ls"], "inherit": ["A=B"]},
        {"command": ["ls"], "inherit": [3]},
        {"command": ["ls"], "inherit": {"TOKEN": 1}},
    ]
    for binding in bad:
        (problem,) = system.problems(binding)
        assert problem.endswith(".")
        answer = await system.start(call_of(binding))
        assert isinstance(answer, Failed)
        assert not answer.retryable
    assert system.target({"command": ["/usr/bin/python3", "x"]}) == "python3"
    assert system.target({"command": ["${state.program}"]}) == ""


async def test_the_job_of_a_key_is_not_taken_for_another_request(system: ProcessSystem, tmp_path: Path) -> None:
    binding = {"command": ["sh", "-c", "echo begun >> tally", "${state.day}"], "cwd": str(tmp_path)}
    first = await started(system, binding, state={"day": "monday"})
    job = first.request.external_id
    again = await system.start(call_of(binding, state={"day": "monday"}))
    assert again == Started(job or "")
    others: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (binding, {"day": "tuesday"}),
        ({**binding, "result": "text"}, {"day": "monday"}),
        ({**binding, "cwd": str(tmp_path.parent)}, {"day": "monday"}),
        (binding, {}),
    ]
    for other, state in others:
        refused = await system.start(call_of(other, state=state))
        assert isinstance(refused, Failed), (other, state)
        assert (refused.type, refused.retryable) == ("OtherRequest", False)
        assert f"forkjoin adopt run-1 main --external-id {job}" in refused.message
    await end_of(system, first)
    assert (tmp_path / "tally").read_text() == "begun\n"
