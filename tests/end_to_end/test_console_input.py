"""A real terminal that sends anything: the console lives, and does what was meant."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.benchmarks.pty_console import PtyConsole
from tests.end_to_end.terminal import FORKJOIN
from tests.scheduling import ROOT, opened

pytestmark = pytest.mark.xdist_group("terminal")
PASTE = b"\x1b[200~" + b"C R q \x00 \x1b[31m \x1b]0;t\x07\n" * 10_000 + b"\x1b[201~"
HOSTILE: dict[str, bytes] = {
    "no UTF-8": b"\xff\xfe\x80 \xc3(\xe6\xbc\x1b",
    "X10 mouse": b"\x1b[M !!\x1b[M\x80\xff\x90\x1b[M C\x1b",
    "mouse reports": b"".join(b"\x1b[<%d;%d;%dM" % (n % 70, n, n % 30) for n in range(500)),
    "a paste": PASTE,
    "a paste without an end": b"\x1b[200~q q q",
    "strings": b"\x1b]11;rgb:q/q/q\x07\x1bPqqq\x1b\\\x1b_qq\x1b\\\x1b]0;q",
    "long sequences": b"\x1b[" + b"1;" * 5_000 + b"q\x1bO" + b"1" * 100 + b"q",
    "kitty": b"\x1b[1114112u\x1b[99999999999u\x1b[113;1:3u\x1b[57399;;55296u\x1b[?15u",
    "focus": b"\x1b[I\x1b[O" * 200 + b"\x1b[I",
    "sizes": b"\x1b[48;60000;60000;1;1t\x1b[8;9999;9999t\x1b[99999;99999R",
}


@contextmanager
def console(folder: Path) -> Iterator[PtyConsole]:
    store = folder / "s"
    with opened(store) as runtime:
        runtime.commands.start("profile_update", {}, "a")
    command = ["env", f"PYTHONPATH={ROOT}", *FORKJOIN, "--store", str(store), "console", "--no-scheduler"]
    desk = PtyConsole(command, 100, 30, home=str(folder))
    try:
        desk.read_until(b"profile_update")
        yield desk
    finally:
        with suppress(ProcessLookupError):
            desk.close()


def answers(desk: PtyConsole) -> None:
    """The console is there: it opens its help and puts it away."""
    for _ in range(4):
        os.write(desk.file, b"\x1b")
        desk.read(0.5)
        desk.tail = b""
        os.write(desk.file, b"?")
        try:
            desk.read_until(b"Keys on ", 5)
            break
        except TimeoutError:
            continue
    assert b"Keys on " in desk.tail, desk.tail[-2_000:]
    os.write(desk.file, b"\x1b")
    desk.read(0.5)


def resize(desk: PtyConsole, columns: int, rows: int) -> None:
    fcntl.ioctl(desk.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def leaves(desk: PtyConsole) -> int:
    """Quit; gives the exit code."""
    os.write(desk.file, b"\x11")
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            desk.read(0.1)
        except OSError:
            break
    return os.waitstatus_to_exitcode(os.waitpid(desk.pid, 0)[1])


def test_hostile_bytes_do_not_end_the_console_and_do_nothing(tmp_path: Path) -> None:
    with console(tmp_path) as desk:
        for name, data in HOSTILE.items():
            view = memoryview(data)
            while view:
                view = view[os.write(desk.file, view[:2_000]) :]
                desk.read(0.01)
            desk.read(2.5 if "without an end" in name else 0.3)
            answers(desk)
        chance = random.Random(7)
        for n in range(60):
            resize(desk, chance.choice([1, 2, 10, 60, 80, 100, 200]), chance.choice([1, 2, 5, 12, 24, 50]))
            if n % 10 == 0:
                desk.read(0.05)
        resize(desk, 100, 30)
        desk.read(1)
        answers(desk)
        assert leaves(desk) == 0
    with opened(tmp_path / "s") as runtime:
        assert [a.verb for a in runtime.store.acts.newest()] == ["start"], "nothing of it was read as keys that act"
