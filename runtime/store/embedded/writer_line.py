"""Writers of one file wait in a line: whoever asked first writes first, over processes and threads alike."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

LINE_FILE = "-line"
"""What the name of the store's file is followed by."""
STUCK_SECONDS = 2.0
"""Whoever is first in line for so long has stopped; the others pass."""
SHORTEST_LOOK_SECONDS = 0.0002
LONGEST_LOOK_SECONDS = 0.005
_FLOCK = struct.Struct("@hhqqi0q")
"""`struct flock` of fcntl(2): type, whence, start, length (0: all that follow), process."""
_LEAVE = _FLOCK.pack(fcntl.F_UNLCK, os.SEEK_SET, 0, 0, 0)


class Place(msgspec.Struct, frozen=True):
    """A place in a line: bytes of its file that are locked."""

    start: int
    """Whose place starts lower writes first."""
    process: int
    """The process that has it, which is also the number of bytes."""

    @property
    def end(self) -> int:
        """Where the next place starts."""
        return self.start + self.process


class WriterLine:
    """The line of those who want to write to a file.

    A place is a locked range of bytes in an empty file beside it, behind all ranges that are locked. A writer's turn
    has come when nothing before its place is locked. A lock alone would not do: the kernel wakes those who wait for
    one in order, but whoever has just released it can take it again before they run (docs/decisions, 17).

    The locks belong to open file descriptions, so that two threads are two in line, and end with their process. Order
    is all that the line gives; that one writes at a time is SQLite's own lock's work, which is taken after it.
    """

    def __init__(self, file: str) -> None:
        """Make the line of the file with this path; nothing is opened yet."""
        self._file = file
        self._free: list[int] = []
        """Descriptors of the line's file that nobody uses now."""
        self._stuck: Place | None = None
        """Who was first in line and did not go on."""
        self._passed = 0
        """Places that start before this are not waited for."""
        self._closed = False
        self._warned = False

    @contextmanager
    def turn(self) -> Iterator[int | None]:
        """Wait until it is our turn, and have it as long as the context lasts.

        The value is the process that was passed because it had stopped, while it is still in line; None mostly.
        Where no line can be had, the turn has come at once.
        """
        handle = self._descriptor()
        try:
            stuck = None if handle is None else self._wait(handle)
            yield stuck
        finally:
            if handle is not None:
                self._leave(handle)

    def close(self) -> None:
        """Close the line's file."""
        self._closed = True
        while self._free:
            os.close(self._free.pop())

    def _wait(self, handle: int) -> int | None:
        try:
            place = self._line_up(handle)
            self._forget_stuck(handle)
            self._await_turn(handle, place)
        except OSError as problem:
            # A disk without such locks: SQLite's own lock decides, without an order.
            self._warn(problem)
        return None if self._stuck is None else self._stuck.process

    def _line_up(self, handle: int) -> Place:
        """Take the place behind all others."""
        start = 0
        while True:
            while (other := _first_place(handle, start, 0)) is not None:
                start = other.end
            place = Place(start, os.getpid())
            if _lock(handle, fcntl.F_WRLCK, place.start, place.process):
                return place

    def _await_turn(self, handle: int, place: Place) -> None:
        first, since = None, 0.0
        while place.start > self._passed:
            ahead = _lowest_place(handle, self._passed, place.start)
            now = time.monotonic()
            if ahead is None:
                # Shared by all whose turn it is, and in the way of whoever would take a place before ours.
                if _lock(handle, fcntl.F_RDLCK, self._passed, place.start - self._passed):
                    return
            elif ahead != first:
                first, since = ahead, now
            elif now - since > STUCK_SECONDS:
                self._stuck = self._stuck or ahead
                self._passed = ahead.end
                continue
            time.sleep(min(max((now - since) / 8, SHORTEST_LOOK_SECONDS), LONGEST_LOOK_SECONDS))

    def _forget_stuck(self, handle: int) -> None:
        """Wait for everybody again as soon as the one who was passed has left the line."""
        stuck = self._stuck
        if stuck is not None and _first_place(handle, stuck.start, 1) != stuck:
            self._stuck, self._passed = None, 0

    def _leave(self, handle: int) -> None:
        with suppress(OSError):
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, _LEAVE)
        if self._closed:
            os.close(handle)
        else:
            self._free.append(handle)

    def _descriptor(self) -> int | None:
        """A descriptor of the line's file that is ours alone; None where there can be none."""
        try:
            handle = self._free.pop()
        except IndexError:
            return self._opened()
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)  # Somebody removed the file: those who come now meet in a new one.
        return self._opened()

    def _opened(self) -> int | None:
        try:
            return _open(self._file)
        except OSError as problem:
            self._warn(problem)
            return None

    def _warn(self, problem: OSError) -> None:
        if not self._warned:
            from runtime.logs import get_logger

            self._warned = True
            get_logger(__name__).warning("store.no_line", file=self._file + LINE_FILE, problem=str(problem))


def _open(file: str) -> int:
    handle = os.open(file + LINE_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        # As SQLite does with its log: made by root, it is the owner's all the same.
        with suppress(OSError):
            owner = os.stat(file)
            os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle


def _lock(handle: int, kind: int, start: int, length: int) -> bool:
    """Lock bytes; returns whether nobody was in the way."""
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, start, length, 0))
    except OSError as problem:
        if problem.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _first_place(handle: int, start: int, length: int) -> Place | None:
    """A place of others in a range of bytes, if there is one."""
    asked = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, start, length, 0)
    kind, _, found, size, _ = _FLOCK.unpack(fcntl.fcntl(handle, fcntl.F_OFD_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else Place(found, size)


def _lowest_place(handle: int, start: int, end: int) -> Place | None:
    """The first place of others in a range of bytes."""
    lowest = None
    while end > start and (found := _first_place(handle, start, end - start)) is not None:
        lowest, end = found, found.start
    return lowest
