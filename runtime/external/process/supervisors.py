"""Starts supervisors of process jobs, by one process beside the scheduler that does nothing but fork them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

SPAWNER = str(Path(__file__).with_name("spawner.py"))
PATIENCE_SECONDS = 20.0
"""How long a spawner may take for a fork before another is started in its place."""


class Supervisors:
    """Asks a spawner for supervisors; starts it with the first of them, and anew when it was killed. Thread-safe."""

    def __init__(self, grace_seconds: int) -> None:
        self._grace_seconds = grace_seconds
        self._asked: socket.socket | None = None
        self._end: weakref.finalize[..., Supervisors] | None = None
        self._lock = threading.Lock()

    def supervise(self, folder: Path, environment: Mapping[str, str], secrets: Sequence[str]) -> None:
        """Give a job folder a supervisor, whose command sees this environment, and which masks these secrets.

        Secrets and environment are sent through a socket: they appear in no file and in no list of processes. The
        supervisor claims the folder before it does anything, so asking twice does no harm.

        Raises:
            OSError: if no process can be started.
        """
        request = json.dumps(
            {
                "folder": str(folder),
                "grace": self._grace_seconds,
                "environment": dict(environment),
                "secrets": json.dumps(list(secrets)),
            }
        ).encode()
        with self._lock:
            try:
                answer = self._ask(request)
            except (ConnectionError, EOFError, TimeoutError):  # the spawner was killed or stopped since the last job
                self._close()
                answer = self._ask(request)
        if answer != b"ok":
            raise OSError(answer.decode("utf-8", "replace"))

    def close(self) -> None:
        """End the spawner, and wait for its end; supervisors go on."""
        with self._lock:
            self._close()

    def _ask(self, request: bytes) -> bytes:
        asked = self._asked or self._start()
        asked.sendall(len(request).to_bytes(4, "big") + request)
        answer = bytearray()
        while not answer.endswith(b"\n"):
            more = asked.recv(4096)
            if not more:
                raise EOFError("the spawner ended")
            answer += more
        return bytes(answer[:-1])

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        try:
            child = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", SPAWNER],
                {"PATH": os.environ.get("PATH", os.defpath)},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.settimeout(PATIENCE_SECONDS)
        self._asked, self._end = ours, weakref.finalize(self, _end, ours, child, os.getpid())
        return ours

    def _close(self) -> None:
        if self._end is not None:
            self._end()
        self._asked = self._end = None


def _end(asked: socket.socket, child: int, parent: int) -> None:
    asked.close()
    if os.getpid() == parent:  # not in a copy of this process that was forked
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)  # it keeps nothing, and one that is stopped hears nothing else
            os.waitpid(child, 0)
