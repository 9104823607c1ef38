"""The small program that runs one command, waits for it and writes down how it ended.

It is started by file with `python -I -S`, so it imports nothing but a few modules of the standard library. It shares
with the adapter the names of the files in a job folder and the way a process is recognised.
"""

from __future__ import annotations

import json
import os
import signal
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


def start_mark(pid: int) -> str | None:
    """What tells a process from a later one with the same pid: boot and start time; None when it does not run.

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
    """Put a small JSON file in place so that it is there whole or not at all, also after a power cut."""
    draft = f"{path}.{os.getpid()}.new"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, json.dumps(value).encode())
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(draft, path)


def claim(folder: str, record: Any) -> bool:
    """Take the right to run the command of a folder, once for ever; False when somebody has it."""
    draft = os.path.join(folder, f"{CLAIM}.{os.getpid()}.draft")
    write_json(draft, record)
    try:
        os.link(draft, os.path.join(folder, CLAIM))
    except FileExistsError:
        return False
    finally:
        os.unlink(draft)
    return True


def _start_mark_by_ps(pid: int) -> str | None:
    with os.popen(f"ps -o stat=,lstart= -p {int(pid)} 2>/dev/null") as answer:
        state, _, started = answer.read().strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


class _Supervisor:
    def __init__(self, folder: str, grace_seconds: int) -> None:
        self.folder = folder
        self.grace_seconds = grace_seconds
        self.child = 0
        self.stop_asked = False
        self.stopping = False

    def run(self) -> None:
        """Claim the folder, run its command to the end and write the end down."""
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.setsid()
        with open(os.path.join(self.folder, SPEC), encoding="utf-8") as file:
            spec = json.load(file)
        if not claim(self.folder, {"pid": os.getpid(), "mark": start_mark(os.getpid())}):
            return
        problem = self._spawn(spec)
        os.chdir("/")
        if self.stop_asked:
            self._stop()
        _, status = os.waitpid(self.child, 0)
        signal.alarm(0)
        cancelled = os.path.exists(os.path.join(self.folder, CANCEL))
        if cancelled:
            _signal_group(self.child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        end = {"code": code, "problem": problem, "cancelled": cancelled, "ended_at": time.time()}
        write_json(os.path.join(self.folder, END), end)

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
        write_json(os.path.join(self.folder, PROCESS), {"pid": os.getpid(), "mark": start_mark(os.getpid())})
        if os.getppid() != parent:
            # Without a supervisor and before the identity was written the job may have been called dead already.
            os._exit(127)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        for target, name in ((1, OUTPUT), (2, ERRORS)):
            file = os.open(os.path.join(self.folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, target)
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


def _signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody of the group is left


if __name__ == "__main__":
    _Supervisor(sys.argv[1], int(sys.argv[2])).run()
