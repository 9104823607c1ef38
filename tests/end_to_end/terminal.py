"""A real terminal: a private tmux server in which a command runs; keys go in, the screen is read."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scheduling import ROOT

FORKJOIN = [sys.executable, "-m", "console"]
needs_tmux = pytest.mark.skipif(
    shutil.which("tmux") is None, reason="tmux is not installed: no real terminal to test in"
)
LIMIT = 30.0


class Terminal:
    """One window of a tmux server of its own."""

    def __init__(self, command: list[str], columns: int, rows: int, env: Mapping[str, str], cwd: Path) -> None:
        self._socket = "fj-" + uuid.uuid4().hex[:10]
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in env.items())
        shell = f"cd {shlex.quote(str(cwd))}; env {settings} {shlex.join(command)}; echo EXIT=$?; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "m", "-x", str(columns), "-y", str(rows), shell)
        self.tmux("set", "-g", "status", "off")

    def tmux(self, *words: str) -> str:
        """Speak to the server."""
        return subprocess.run(
            ["tmux", "-L", self._socket, *words], capture_output=True, text=True, check=False, timeout=30
        ).stdout

    @property
    def screen(self) -> str:
        """What stands on the screen."""
        return self.tmux("capture-pane", "-p", "-t", "m")

    @property
    def pid(self) -> int:
        """The console's process: the youngest child of the window's shell."""
        shell = self.tmux("list-panes", "-t", "m", "-F", "#{pane_pid}").strip()
        found = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=False).stdout.split()
        return int(found[-1])

    def keys(self, *names: str) -> None:
        """Press keys, as tmux names them."""
        for name in names:
            self.tmux("send-keys", "-t", "m", name)

    def type(self, text: str) -> None:
        """Type a text."""
        self.tmux("send-keys", "-t", "m", "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self.tmux("resize-window", "-t", "m", "-x", str(columns), "-y", str(rows))

    def wait(self, wanted: str | Callable[[str], object], limit: float = LIMIT) -> str:
        """Wait until a text (a pattern) stands on the screen, or a test of the screen holds."""
        until = time.monotonic() + limit
        screen = ""
        while time.monotonic() < until:
            screen = self.screen
            if re.search(wanted, screen) if isinstance(wanted, str) else wanted(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"not seen within {limit:g} s: {wanted}\n{screen}")

    def press_until(self, key: str, wanted: str) -> str:
        """Press a key, again if it was lost, until a text is seen."""
        for _ in range(4):
            self.keys(key)
            try:
                return self.wait(wanted, 4)
            except AssertionError:
                continue
        return self.wait(wanted, 1)

    def close(self) -> None:
        """End the server and everything in it."""
        self.tmux("kill-server")


@contextmanager
def terminal(command: list[str], columns: int = 100, rows: int = 30, *, folder: Path, **env: str) -> Iterator[Terminal]:
    """A command in a real terminal."""
    settings = {
        "TERM": "tmux-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        **env,
    }
    window = Terminal(command, columns, rows, settings, folder)
    try:
        yield window
    finally:
        window.close()
