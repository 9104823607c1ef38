"""The external system `process`: local commands that outlive the scheduler, found by their idempotency key."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from runtime.errors import ExpressionError, Unreachable
from runtime.external.base import Call
from runtime.external.process import pump
from runtime.external.process import supervisor as files
from runtime.external.process.command import (
    KEYS,
    Command,
    InvalidCommand,
    command_problems,
    output_limit,
    resolve,
    secret_templates,
)
from runtime.external.process.end import reading_of
from runtime.external.process.job_folder import JobFolder, asked_for, forget
from runtime.external.process.supervisors import Supervisors
from runtime.external.secrets import learn, secrets_of, spellings_of
from runtime.external.taken_key import other_request
from runtime.model.binding_keys import Key
from runtime.model.task import Completed, Failed, Lost, Running, Started

_LOG_LIMIT = 64 * 1024


class ProcessSystem:
    """Runs commands detached, each in its own session, below `jobs` of the store directory.

    The folder of a job is named after its key, and the right to run its command is claimed once, so that neither a
    second start nor a crash runs it twice. A job that its supervisor never claimed gets another supervisor.
    """

    name = "process"
    on_one_machine = True
    """Its work lives in files of this machine: workers elsewhere cannot see it."""

    def __init__(self, directory: Path, *, grace_seconds: int = 10, patience_seconds: float = 1.0) -> None:
        self.directory = directory.resolve()
        self._root = self.directory / "jobs"
        self._grace_seconds = grace_seconds
        self._supervisors = Supervisors(grace_seconds)
        self._patience_seconds = patience_seconds
        self._children: set[int] = set()
        self._lock = threading.Lock()

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        return command_problems(binding)

    def binding_keys(self) -> Mapping[str, Key]:
        return KEYS

    def target(self, binding: Mapping[str, Any]) -> str:
        """The name of the program without its folder; '' if a template decides it."""
        command = binding.get("command")
        program = command[0] if isinstance(command, list) and command and isinstance(command[0], str) else ""
        return "" if "${" in program else os.path.basename(program)

    async def start(self, call: Call) -> Started | Completed | Failed:
        """Start the command, or return the job of the key if it was made for the same request."""
        folder = JobFolder.of_key(self._root, call.request.idempotency_key)
        try:
            command = resolve(call)
        except (ExpressionError, InvalidCommand) as error:
            found = await asyncio.to_thread(folder.spec)
            if found:
                return other_request(call, folder.name, found=asked_for(found), asked=f"it cannot be resolved: {error}")
            if isinstance(error, ExpressionError):
                return Failed(error.message, type="ExpressionError", retryable=False)
            return Failed(f"The command cannot be run: {error}", type="InvalidBinding", retryable=False)
        return await asyncio.to_thread(self._launch, folder, command, call)

    async def find(self, call: Call) -> Started | None:
        """The job of the key, if there is one; nothing is started."""
        folder = JobFolder.of_key(self._root, call.request.idempotency_key)
        return Started(folder.name) if await asyncio.to_thread(folder.exists) else None

    async def poll(self, call: Call) -> Running | Completed | Failed | Lost:
        """The state of the job, from its end record and from whether its own processes run."""
        folder = await asyncio.to_thread(JobFolder.of_id, self._root, call.request.external_id)
        if folder is None:
            return Lost()
        learn(call, secret_templates(call.binding))
        if not await asyncio.to_thread(folder.claimed):
            await asyncio.to_thread(self._supervise, folder, resolve(call).environment, call)
            return Running(note="waits for its supervisor to begin")
        return await asyncio.to_thread(self._look, folder, call)

    async def cancel(self, call: Call) -> None:
        """Terminate the job; raises `Unreachable` while it is still ending."""
        folder = await asyncio.to_thread(JobFolder.of_id, self._root, call.request.external_id)
        if folder is None:
            return
        stopped = await asyncio.to_thread(folder.stop, self._grace_seconds)
        patience = time.monotonic() + self._patience_seconds
        while not stopped:
            if time.monotonic() > patience:
                raise Unreachable(
                    f"The process was asked to end and has {self._grace_seconds} seconds until it is killed; "
                    "it has not ended yet and is looked at again.",
                    retry_after=1.0,
                )
            await asyncio.sleep(0.05)
            stopped = await asyncio.to_thread(self._gone, folder)

    async def logs(self, call: Call) -> str:
        """The last 64 kB of stdout and of stderr."""
        folder = await asyncio.to_thread(JobFolder.of_id, self._root, call.request.external_id)
        if folder is None:
            return f"There is no process job {call.request.external_id}.\n"
        learn(call, secret_templates(call.binding))
        parts = []
        for name in (files.OUTPUT, files.ERRORS):
            text = await asyncio.to_thread(folder.output(name).tail, _LOG_LIMIT, secrets_of(call))
            tail = ", its last 64 kB" if len(text) >= _LOG_LIMIT else ""
            parts.append(f"--- {name}{tail}\n{text}" + ("" if text.endswith("\n") or not text else "\n"))
        return "".join(parts)

    def forget(self, starts: AbstractSet[str], directory: Path) -> tuple[int, set[str]]:
        """Remove the folders, below a directory, of jobs whose key has one of these beginnings.

        Returns how many were removed, and the beginnings with a job that still runs.
        """
        return forget(directory / "jobs", starts)

    async def close(self) -> None:
        """End the process that starts supervisors; the jobs run on."""
        await asyncio.to_thread(self._supervisors.close)
        await asyncio.to_thread(self._reap)

    def _launch(self, folder: JobFolder, command: Command, call: Call) -> Started | Failed:
        spec = {
            "key": call.request.idempotency_key,
            "command": list(command.arguments),
            "cwd": command.cwd,
            "result": call.binding.get("result"),
            "limit": output_limit(call.binding),
        }
        try:
            if not folder.exists():
                unusable = command.unusable()
                if unusable is not None:
                    return unusable
                folder.create(spec)
            found = folder.spec()
            if asked_for(found) != asked_for(spec):
                return other_request(call, folder.name, found=asked_for(found), asked=asked_for(spec))
            if not folder.claimed():
                self._supervise(folder, command.environment, call)
        except OSError as error:
            raise Unreachable(
                f"The job folder {folder.name} cannot be made or its process started: {error}."
            ) from error
        return Started(folder.name)

    def _supervise(self, folder: JobFolder, environment: Mapping[str, str], call: Call) -> None:
        self._supervisors.supervise(folder.path, environment, spellings_of(call))

    def _rescue(self, folder: JobFolder, command: int, call: Call) -> None:
        """Give a command another pump if its supervisor and pump were killed: without one it would wait for ever."""
        try:
            pipes = [os.open(f"/proc/{command}/fd/{number}", os.O_RDONLY | os.O_NONBLOCK) for number in (1, 2)]
        except OSError:
            return
        try:
            if all(stat.S_ISFIFO(os.fstat(pipe).st_mode) for pipe in pipes) and not folder.pumped():
                limit = str(folder.spec().get("limit") or files.USUAL_LIMIT)
                for pipe in pipes:
                    os.set_inheritable(pipe, True)
                program = [sys.executable, "-I", "-S", pump.__file__, str(folder.path), limit, "-1", *map(str, pipes)]
                self._spawn(program, folder, call)
        finally:
            for pipe in pipes:
                os.close(pipe)

    def _spawn(self, program: list[str], folder: JobFolder, call: Call) -> None:
        self._reap()
        log = str(folder.path / "supervisor.log")
        given, told = os.pipe()
        try:
            child = os.posix_spawn(
                sys.executable,
                program,
                {"PATH": os.defpath},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, given, 0),
                    (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
            )
        except BaseException:
            os.close(told)
            raise
        finally:
            os.close(given)
        with self._lock:
            self._children.add(child)
        # Secrets to be masked are sent through a pipe: they appear in no file and in no list of processes.
        with contextlib.suppress(BrokenPipeError), os.fdopen(told, "wb") as file:
            file.write(json.dumps(spellings_of(call)).encode())

    def _look(self, folder: JobFolder, call: Call) -> Running | Completed | Failed:
        self._reap()
        command, supervised = folder.command_pid(), folder.supervised()
        running = supervised or command is not None
        if command is not None and not supervised:
            self._rescue(folder, command, call)
        # The end record is read after the processes were looked at, because they write it before they end.
        end = folder.end()
        if end is None and running:
            return Running()
        return reading_of(folder, end, secrets_of(call))

    def _gone(self, folder: JobFolder) -> bool:
        self._reap()
        running = folder.supervised() or folder.command_pid() is not None
        return folder.end() is not None or not running

    def _reap(self) -> None:
        with self._lock:
            for child in tuple(self._children):
                with contextlib.suppress(ChildProcessError):
                    if os.waitpid(child, os.WNOHANG)[0] == 0:
                        continue
                self._children.discard(child)
