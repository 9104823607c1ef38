"""The small program that copies the output of a command from pipes to files: bounded, with secrets masked.

The supervisor forks it; where both were killed it is started by file with `python -I -S`, so it imports nothing but a
few modules of the standard library. It is a process of its own: the command goes on as before when its supervisor is
killed. Of a long output the beginning and the
end are kept. The beginning is one file; what follows goes into numbered pieces of a quarter of the limit, of which
the last two are kept. So what is on disk tells all, and another pump can go on where one was killed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import select
import socket
import sys

LOCK = "pump.lock"
MASK = b"***"
READ = 1 << 16
MOST_AT_ONCE = 1 << 20
"""A pipe can hold so many bytes; they are read before the end of a command is reported."""


def pieces(folder: str, name: str) -> list[int]:
    """Numbers of the existing pieces of an output, in order."""
    pattern = re.compile(re.escape(name) + r"\.([0-9]+)")
    found = (pattern.fullmatch(entry) for entry in os.listdir(folder))
    return sorted(int(match[1]) for match in found if match)


def sizes(limit: int) -> tuple[int, int]:
    """Bytes of the beginning, and of each piece after it, for a limit in bytes."""
    return limit - limit // 4 * 2, max(1, limit // 4)


class Output:
    """Copies one of the two outputs from its pipe to its files."""

    def __init__(self, folder: str, name: str, limit: int, secrets: list[bytes]) -> None:
        self.folder, self.name = folder, name
        self.head_size, self.piece_size = sizes(limit)
        self.secrets = secrets
        self.held = b""
        """The end of what was read, as far as a secret may begin in it."""
        self.lost = 0
        """Bytes that could not be written."""
        self.gap = 0
        self.file = self._open(name)
        self.room = self.head_size - os.fstat(self.file).st_size
        self.piece = max(pieces(folder, name), default=0)
        if self.piece:
            self._to(self.piece)

    def take(self, data: bytes) -> None:
        """Mask and write what was read; hold back what may be the beginning of a secret."""
        data = self.held + data
        keep = len(data)
        for secret in self.secrets:
            if secret in data:
                data = data.replace(secret, MASK)
                keep = len(data)
        for secret in self.secrets:
            at = data.find(secret[:1], max(0, len(data) - len(secret) + 1))
            while 0 <= at < keep:
                if secret.startswith(data[at:]):
                    keep = at
                at = data.find(secret[:1], at + 1)
        self.held = data[keep:]
        self._write(data[:keep])

    def flush(self) -> None:
        """Write what was held back: nothing follows that would complete a secret."""
        held, self.held = self.held, b""
        self._write(held)

    def _write(self, data: bytes) -> None:
        if self.gap and data:
            data = b"\n[%d bytes are missing here: they could not be written]\n" % self.gap + data
        rest = memoryview(data)
        while rest:
            if self.room <= 0 and not self._next():
                break
            try:
                written = os.write(self.file, rest[: self.room])
            except OSError:
                break  # A full disk must stop neither the command nor the pump; lost bytes are counted and reported.
            self.room -= written
            rest = rest[written:]
        else:
            self.gap = 0 if data else self.gap
            return
        self.lost += len(rest)
        self.gap += len(rest)

    def _next(self) -> bool:
        try:
            self._to(self.piece + 1)
        except OSError:
            return False
        return True

    def _to(self, number: int) -> None:
        file = self._open(f"{self.name}.{number}")
        os.close(self.file)
        self.file, self.piece = file, number
        self.room = self.piece_size - os.fstat(file).st_size
        for old in pieces(self.folder, self.name):
            if old < number - 1:
                os.unlink(os.path.join(self.folder, f"{self.name}.{old}"))

    def _open(self, name: str) -> int:
        return os.open(os.path.join(self.folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class Pump:
    """Copies both outputs of a command until no process can write to them any more."""

    def __init__(self, outputs: dict[int, Output], control: int) -> None:
        self.outputs = outputs
        self.open = set(outputs)
        self.control = socket.socket(fileno=control) if control >= 0 else None

    def run(self) -> None:
        """Read until the pipes are closed; answer the supervisor when the command has ended."""
        waiting = select.poll()
        for fd in self.open:
            os.set_blocking(fd, False)
            waiting.register(fd, select.POLLIN)
        if self.control is not None:
            waiting.register(self.control, select.POLLIN)
        while self.open or self.control is not None:
            for fd, _ in waiting.poll():
                if self.control is not None and fd == self.control.fileno():
                    if not self._asked():
                        waiting.unregister(fd)
                        self.control = None
                elif not self._read(fd, READ):
                    waiting.unregister(fd)
        for output in self.outputs.values():
            output.flush()

    def _asked(self) -> bool:
        assert self.control is not None
        try:
            if not self.control.recv(1):
                return False
            for fd in tuple(self.open):
                self._read(fd, MOST_AT_ONCE)
            for output in self.outputs.values():
                output.flush()
            told = {output.name: output.lost for output in self.outputs.values()}
            self.control.sendall(json.dumps(told).encode() + b"\n")
        except OSError:
            return False
        return True

    def _read(self, fd: int, most: int) -> bool:
        """Read what waits in a pipe, at most so many bytes; returns False once no process can write to it."""
        while most > 0 and fd in self.open:
            try:
                data = os.read(fd, READ)
            except BlockingIOError:
                return True
            except OSError as problem:
                if problem.errno == errno.EINTR:
                    continue
                data = b""
            if not data:
                self.open.discard(fd)
                self.outputs[fd].flush()
                return False
            self.outputs[fd].take(data)
            most -= len(data)
        return True


def copy(folder: str, limit: int, secrets: bytes, control: int, pipes: dict[str, int]) -> None:
    """Pump until the pipes are closed; the secrets are a JSON list of texts in latin-1."""
    texts = [text.encode("latin-1") for text in json.loads(secrets or b"[]")]
    lock = os.open(os.path.join(folder, LOCK), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    Pump({fd: Output(folder, name, limit, texts) for name, fd in pipes.items()}, control).run()


if __name__ == "__main__":
    with os.fdopen(0, "rb") as given:
        told = given.read()
    copy(
        sys.argv[1], int(sys.argv[2]), told, int(sys.argv[3]), {"stdout": int(sys.argv[4]), "stderr": int(sys.argv[5])}
    )
