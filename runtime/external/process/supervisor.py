"""The small program that runs one command, waits for it and records how it ended.

It is started by file with `python -I -S`, so it imports nothing but a few modules of the standard library. It shares
with the adapter the names of the files in a job folder and the way a process is recognised.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import time
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
PUMP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pump.py")


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


class _Supervisor:
    def __init__(self, folder: str, grace_seconds: int) -> None:
        self.folder = folder
        self.grace_seconds = grace_seconds
        self.child = 0
        self.pump = 0
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
        with os.fdopen(0, "rb", closefd=False) as given:
            self.secrets = given.read()
        json.loads(self.secrets)  # the process that started this one may have died before it had sent everything
        with open(os.path.join(self.folder, SPEC), encoding="utf-8") as file:
            spec = json.load(file)
        if not claim(self.folder, {"pid": os.getpid(), "mark": start_mark(os.getpid())}):
            return
        self.limit = int(spec.get("limit") or USUAL_LIMIT)
        # The reading ends stay open here: without its pump the command waits instead of dying of a broken pipe.
        self.pipes = [os.pipe(), os.pipe()]
        self._start_pump()
        problem = self._spawn(spec)
        for _, entrance in self.pipes:
            os.close(entrance)
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

    def _start_pump(self) -> None:
        if self.control is not None:
            self.control.close()
        self.control, theirs = socket.socketpair()
        heard, told = os.pipe()
        self.pump = os.fork()
        if self.pump == 0:
            try:
                os.setsid()  # signals to the group are for the command, not for the supervisor
                os.dup2(heard, 0)
                for fd in (theirs.fileno(), *(way_out for way_out, _ in self.pipes)):
                    os.set_inheritable(fd, True)
                numbers = [str(fd) for fd in (theirs.fileno(), *(way_out for way_out, _ in self.pipes))]
                program = [sys.executable, "-I", "-S", PUMP, self.folder, str(self.limit), *numbers]
                os.execve(sys.executable, program, {"PATH": os.defpath})
            finally:
                os._exit(127)
        theirs.close()
        os.close(heard)
        with os.fdopen(told, "wb") as file:
            try:
                file.write(self.secrets)
                file.flush()
            except BrokenPipeError:
                return  # it is gone already, and started again

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


if __name__ == "__main__":
    _Supervisor(sys.argv[1], int(sys.argv[2])).run()
