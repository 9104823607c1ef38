"""The small program that forks a supervisor for every job it is asked for: a fork costs a tenth of a new Python.

It is started by file with `python -I -S`, so it imports nothing but a few modules of the standard library. A request is
the number of its bytes (four, big-endian) and a JSON object of `folder`, `grace`, `environment` and `secrets`; the
answer is `ok` or why it could not be done, and a line feed. It ends when the process that asks has ended; the
supervisors go on.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # a module of the standard library comes first

from pump import copy  # type: ignore[import-not-found]
from supervisor import Supervisor  # type: ignore[import-not-found]

LOG = "supervisor.log"
LENGTH = 4


def serve(asking: socket.socket) -> None:
    """Fork a supervisor for each request until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps supervisors: nobody here waits for them
    gc.freeze()
    while (request := _read(asking)) is not None:
        try:
            if os.fork() == 0:
                _supervise(asking, json.loads(request))
            answer = b"ok"
        except OSError as problem:
            answer = str(problem).encode("utf-8", "replace").replace(b"\n", b" ")
        try:
            asking.sendall(answer + b"\n")
        except OSError:
            return


def _read(asking: socket.socket) -> bytes | None:
    """One request, None if the other side is gone."""
    length = _exactly(asking, LENGTH)
    return None if length is None else _exactly(asking, int.from_bytes(length, "big"))


def _exactly(asking: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        try:
            more = asking.recv(size - len(data))
        except OSError:
            return None
        if not more:
            return None
        data += more
    return bytes(data)


def _supervise(asking: socket.socket, request: dict[str, Any]) -> None:
    """Become the supervisor of a folder; never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(os.path.join(request["folder"], LOG), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        asking.close()
        os.environ.clear()
        os.environ.update(request["environment"])
        Supervisor(request["folder"], request["grace"], request["secrets"].encode(), copy).run()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(0)


if __name__ == "__main__":
    os.setsid()
    serving = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    serve(serving)
