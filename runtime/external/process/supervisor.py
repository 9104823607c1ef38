"""Runs one command, waits for it and records how it ended: what a process forked by the spawner does.

It imports nothing but a few modules of the standard library. It shares with the adapter the names of the files in a job
folder and the way a process is recognised.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

SPEC = "spec.json"
CLAIM = "supervisor.json"
PROCESS = "process.json"
END = "end.json"
CANCEL = "cancel"
OUTPUT = "stdout"
ERRORS = "stderr"
USUAL_LIMIT = 64_000_000
"""How many bytes of each output are kept if the binding does not say."""
SPACE = 4096
"""Bytes reserved for each record, so that it can be written on a full disk."""
RETRY_SECONDS = 2.0


def start_mark(pid: int) -> str | None:
    """Boot and start time of a process, which a later one with its pid does not share; None if it does not run.

    Read from `/proc` (field 22 of `stat`, see proc(5)); elsewhere from `ps`, to the second.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None if os.path.exists("/proc/self/stat") else _start_mark_by_ps(pid)
    if fields[0] in (b"Z", b"X"):
        return None
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        boot = "-"
    return f"{boot}/{fields[19].decode()}"


def write_json(path: str, value: Any) -> None:
    """Write a small JSON file so that it is there whole or not at all, also after a power cut."""
    draft = f"{path}.{os.getpid()}.new"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write_whole(file, json.dumps(value).encode())
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(draft, path)


def _write_whole(file: int, data: bytes) -> None:
    while data:  # a disk that is nearly full writes a part and refuses the rest
        data = data[os.write(file, data) :]


def reserve(folder: str) -> None:
    """Reserve the space of all records of a job folder, in blocks that are really allocated."""
    for name in (CLAIM, PROCESS, END, CANCEL):
        path = os.path.join(folder, f"{name}.space")
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if name != CANCEL:  # a mark is an empty file
                _write_whole(file, b"\n" * SPACE)
        finally:
            os.close(file)


def put(folder: str, name: str, value: Any) -> None:
    """Write a record whole or not at all, into the space reserved for it if there is one."""
    space, text = os.path.join(folder, f"{name}.space"), json.dumps(value).encode()
    try:
        file = os.open(space, os.O_WRONLY)
    except FileNotFoundError:
        file = -1
    if file < 0 or len(text) > SPACE:
        write_json(os.path.join(folder, name), value)
        return
    try:
        os.pwrite(file, text.ljust(SPACE, b"\n"), 0)
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(space, os.path.join(folder, name))


def claim(folder: str, record: Any) -> bool:
    """Claim the right to run the command of a folder, once for ever; returns False if another process has it."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(folder, CLAIM)):
            return False
        put(folder, CLAIM, record)
        return True
    finally:
        os.close(lock)


def _start_mark_by_ps(pid: int) -> str | None:
    with os.popen(f"ps -o stat=,lstart= -p {int(pid)} 2>/dev/null") as answer:
        state, _, started = answer.read().strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


class Supervisor:
    """Supervises the command of one job folder.

    `secrets` are the texts to be masked in its output, a JSON list in latin-1. `copy` is the pump: it copies the output
    of a folder, up to a limit in bytes, with secrets masked, told by a socket, from pipes by the names of outputs.
    """

    def __init__(
        self,
        folder: str,
        grace_seconds: int,
        secrets: bytes,
        copy: Callable[[str, int, bytes, int, dict[str, int]], None],
    ) -> None:
        self.folder = folder
        self.grace_seconds = grace_seconds
        self.secrets = secrets
        self.copy = copy
        self.child = 0
        self.pump = 0
        self.entrances: list[int] = []
        self.control: socket.socket | None = None
        self.stop_asked = False
        self.stopping = False

    def run(self) -> None:
        """Claim the folder, run its command to the end and record the end."""
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.setsid()
        with open(os.path.join(self.folder, SPEC), encoding="utf-8") as file:
            spec = json.load(file)
        if not claim(self.folder, {"pid": os.getpid(), "mark": start_mark(os.getpid())}):
            return
        self.limit = int(spec.get("limit") or USUAL_LIMIT)
        # The reading ends stay open here: without its pump the command waits instead of dying of a broken pipe.
        self.pipes = [os.pipe(), os.pipe()]
        self.entrances = [entrance for _, entrance in self.pipes]
        self._start_pump()
        problem = self._spawn(spec)
        self._close_entrances()
        os.chdir("/")
        if self.stop_asked:
            self._stop()
        status = self._wait()
        signal.alarm(0)
        cancelled = os.path.exists(os.path.join(self.folder, CANCEL))
        if cancelled:
            _signal_group(self.child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        end = {"code": code, "problem": problem, "cancelled": cancelled, "ended_at": time.time(), "lost": self._lost()}
        self._write_end(end)

    def _wait(self) -> int:
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == self.child:
                return status
            if pid == self.pump:
                time.sleep(0.1)
                self._start_pump()

    def _write_end(self, end: Any) -> None:
        """Record the end, trying again until it succeeds: without it the work would be done again."""
        while True:
            try:
                put(self.folder, END, end)
                return
            except FileNotFoundError:
                return  # the folder was removed: nobody asks for the end any more
            except OSError:
                time.sleep(RETRY_SECONDS)

    def _lost(self) -> dict[str, int]:
        """Bytes of each output that could not be written, after the pump has read all of it."""
        for _ in range(3):
            try:
                assert self.control is not None
                self.control.sendall(b"?")
                told = b""
                while not told.endswith(b"\n"):
                    more = self.control.recv(4096)
                    if not more:
                        raise OSError("the pump is gone")
                    told += more
                return {name: lost for name, lost in json.loads(told).items() if lost}
            except OSError:
                self._start_pump()
        return {OUTPUT: -1, ERRORS: -1}

    def _close_entrances(self) -> None:
        """Leave the writing ends of the pipes to the command: its output ends when nobody has one any more."""
        for entrance in self.entrances:
            os.close(entrance)
        self.entrances = []

    def _start_pump(self) -> None:
        if self.control is not None:
            self.control.close()
        self.control, theirs = socket.socketpair()
        self.pump = os.fork()
        if self.pump == 0:
            try:
                os.setsid()  # signals to the group are for the command, not for the supervisor
                for number in (signal.SIGTERM, signal.SIGALRM):
                    signal.signal(number, signal.SIG_DFL)
                self.control.close()
                self._close_entrances()
                ways_out = {name: way_out for name, (way_out, _) in zip((OUTPUT, ERRORS), self.pipes, strict=True)}
                self.copy(self.folder, self.limit, self.secrets, theirs.detach(), ways_out)
            finally:
                os._exit(127)
        theirs.close()

    def _spawn(self, spec: Any) -> str | None:
        heard, told = os.pipe()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                self._become(spec, parent)
            except BaseException as error:
                os.write(told, f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:2000])
            finally:
                os._exit(127)
        os.close(told)
        with os.fdopen(heard, "rb") as file:
            problem = file.read().decode("utf-8", "replace")
        self.child = child
        return problem or None

    def _become(self, spec: Any, parent: int) -> None:
        os.setsid()
        # The identity is on disk before the command can do anything, so it can always be found again.
        put(self.folder, PROCESS, {"pid": os.getpid(), "mark": start_mark(os.getpid())})
        if os.getppid() != parent:
            # If the supervisor was gone before this was written, the job may have been reported as lost already.
            os._exit(127)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for target, (_, entrance) in enumerate(self.pipes, start=1):
            os.dup2(_both_ways(entrance), target)
        if spec["cwd"]:
            os.chdir(spec["cwd"])
        os.execvp(spec["command"][0], spec["command"])

    def _on_term(self, *_: object) -> None:
        self.stop_asked = True
        if self.child:
            self._stop()

    def _stop(self) -> None:
        if not self.stopping:
            self.stopping = True
            _signal_group(self.child, signal.SIGTERM)
            signal.alarm(self.grace_seconds)

    def _on_alarm(self, *_: object) -> None:
        _signal_group(self.child, signal.SIGKILL)


def _both_ways(entrance: int) -> int:
    """The pipe opened for reading too, where possible, so that it never breaks under the command."""
    try:
        return os.open(f"/proc/self/fd/{entrance}", os.O_RDWR)
    except OSError:
        return entrance


def _signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return  # no process of the group is left
