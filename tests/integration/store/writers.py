"""Other processes that write to an embedded store, each led step by step from a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.store.embedded.place import STORE_FILE
from runtime.store.embedded.writer_line import LINE_FILE
from tests.scheduling import ROOT
from tests.workers import wait_for

STEPS = """
import json, signal, subprocess, sys
from runtime.assembly.location import open_store
from runtime.store.embedded import writer_line

signal.signal(signal.SIGINT, signal.default_int_handler)  # Shells have jobs in the background ignore it.
writer_line.STUCK_SECONDS = 600  # Whoever is kept waiting by a test is not passed.
store = open_store(sys.argv[1])
def say(text):
    print(json.dumps(text), flush=True)
def heard():
    return json.loads(sys.stdin.readline() or '"end"')

say("open")
word = heard()
while word != "end":
    if word in ("write", "write again"):
        try:
            with store.database.transaction():
                say("writes")
                word = heard()
                while word == "child":
                    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
                    say(child.pid)
                    word = heard()
            if word == "write again":
                continue
            say("has written")
        except KeyboardInterrupt:
            say("interrupted")
    word = heard()
"""
"""A writer that keeps its turn until it is told to go on; `write again` lets it ask anew at once."""


def line_file(folder: Path) -> Path:
    """Where the writers of a store line up."""
    return folder / f"{STORE_FILE}{LINE_FILE}"


def in_line(folder: Path) -> int:
    """How many writers have a place, as the kernel has it."""
    inode = f":{line_file(folder).stat().st_ino}"
    rows = [row.split() for row in Path("/proc/locks").read_text().splitlines()]
    return sum(1 for row in rows if "OFDLCK" in row and "WRITE" in row and any(part.endswith(inode) for part in row))


def beside(work: Callable[[], object]) -> threading.Thread:
    """Do something in a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Writer:
    """A process that writes when it is told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", STEPS, str(folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.says() == "open"

    def told(self, word: str) -> None:
        """Tell it what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(word) + "\n")
        self.process.stdin.flush()

    def says(self) -> object:
        """What it says next; waits for it."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def asks(self, place: int) -> None:
        """Have it ask for its turn, until it is the so-manyth in line."""
        self.told("write")
        wait_for(lambda: in_line(self._folder) == place)

    def signalled(self, number: signal.Signals) -> None:
        """Send it a signal; returns when it is stopped, if that is what the signal does."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            stat = Path(f"/proc/{self.process.pid}/stat")
            wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")


@contextmanager
def writers(folder: Path, count: int) -> Iterator[list[Writer]]:
    """So many writers of a store; those that live in the end are killed."""
    made: list[Writer] = []
    try:
        for _ in range(count):
            made.append(Writer(folder))  # noqa: PERF401
        yield made
    finally:
        for writer in made:
            writer.process.kill()
            writer.process.communicate()
