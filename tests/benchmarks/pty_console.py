"""A console in a pseudo terminal: keys in, bytes out, with their times, its CPU time and memory."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from pathlib import Path


class PtyConsole:
    """A process in a pseudo terminal of a given size."""

    def __init__(self, command: list[str], columns: int = 200, rows: int = 50, home: str = "/tmp") -> None:
        self.bytes = 0
        self.tail = b""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "COLUMNS", "LINES")}
            env |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": home}
            time.sleep(0.05)
            os.execvpe(command[0], command, env)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float) -> int:
        """Read for so long; gives the number of bytes."""
        before, until = self.bytes, time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            ready, _, _ = select.select([self.file], [], [], left)
            if ready:
                self._take()
        return self.bytes - before

    def read_until(self, wanted: bytes, limit: float = 60.0) -> float:
        """Seconds until a text came."""
        began = time.perf_counter()
        while wanted not in self.tail and time.perf_counter() - began < limit:
            ready, _, _ = select.select([self.file], [], [], 0.05)
            if ready:
                self._take()
        if wanted not in self.tail:
            raise TimeoutError(f"{wanted!r} did not come: {self.tail[-500:]!r}")
        return time.perf_counter() - began

    def _take(self) -> None:
        data = os.read(self.file, 65_536)
        self.bytes += len(data)
        self.tail = (self.tail + data)[-200_000:]

    def key(self, text: bytes, settle: float = 0.05) -> tuple[float, float, int]:
        """Press a key: milliseconds to the first and to the last byte of the answer, and its bytes."""
        began, first, last, before = time.perf_counter(), 0.0, 0.0, self.bytes
        os.write(self.file, text)
        while True:
            ready, _, _ = select.select([self.file], [], [], settle if last else 2.0)
            if not ready:
                break
            self._take()
            last = time.perf_counter()
            first = first or last
        return (first - began) * 1e3, (last - began) * 1e3, self.bytes - before

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident MiB."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * 4096 / 2**20

    def close(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.file)
