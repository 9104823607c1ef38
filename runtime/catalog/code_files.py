"""The files that make up the code of a workflow: its tasks.py and the modules beside it that it imports."""

from __future__ import annotations

import ast
import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

MOST_FILES = 200
"""So many files are followed from one tasks.py."""
MOST_BYTES = 5_000_000
"""A file of a workflow may have so many bytes."""
_RECENT_SECONDS = 0.1
"""A file changed so short a time before it was read may change again with the same stamp."""

Stamp = tuple[tuple[int, int, int] | None, ...]


class Seen(msgspec.Struct, frozen=True):
    """The files of a tasks.py as they were read, to see whether one of them has changed."""

    hash: str
    """SHA-256, hex: of tasks.py alone, or of all files where it imports others beside it."""
    files: tuple[Path, ...]
    stamp: Stamp
    recent: bool
    """A file was changed just before it was read: the stamp alone cannot be trusted yet."""

    def is_current(self) -> bool:
        """Whether no file has changed, judged by times and sizes alone."""
        return not self.recent and stamp_of(self.files) == self.stamp


def look(path: Path) -> Seen:
    """Read a tasks.py and the modules of its folder that it imports; raises OSError if tasks.py cannot be read."""
    found: dict[Path, bytes] = {path: read_file(path)}
    missing: list[Path] = []
    waiting = [path]
    while waiting and len(found) < MOST_FILES:
        at = waiting.pop()
        for candidate in _imported(found[at], at, path.parent):
            if candidate in found or candidate in missing:
                continue
            try:
                found[candidate] = read_file(candidate)
                waiting.append(candidate)
            except OSError:
                missing.append(candidate)
    files = (path, *sorted(file for file in (*found, *missing) if file != path))
    stamp = stamp_of(files)
    newest = max((times[0] for times in stamp if times is not None), default=0)
    return Seen(_hash(found, path), files, stamp, newest / 1e9 > time.time() - _RECENT_SECONDS)


def stamp_of(files: Sequence[Path]) -> Stamp:
    """Times and sizes of files; None for one that is not there."""
    return tuple(_times(file) for file in files)


def _times(file: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return max(found.st_mtime_ns, found.st_ctime_ns), found.st_size, found.st_ino


def _hash(found: dict[Path, bytes], path: Path) -> str:
    if len(found) == 1:
        return hashlib.sha256(found[path]).hexdigest()
    whole = hashlib.sha256()
    for file, text in sorted(found.items()):
        name = os.path.relpath(file, path.parent).encode()
        whole.update(b"%d:%s%d:%s" % (len(name), name, len(text), text))
    return whole.hexdigest()


def _imported(text: bytes, file: Path, folder: Path) -> Iterator[Path]:
    """Files of the folder that the imports of a module may name, without its own tasks.py."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _module(folder, alias.name.split("."), only_existing=True)
        elif isinstance(node, ast.ImportFrom):
            base = folder if node.level == 0 else file.parent
            for _ in range(node.level - 1):
                base = base.parent
            if base != folder and folder not in base.parents:
                continue
            parts = node.module.split(".") if node.module else []
            yield from _module(base, parts, only_existing=node.level == 0)
            for alias in node.names:
                yield from _module(base, [*parts, alias.name], only_existing=True)


def _module(base: Path, parts: Sequence[str], *, only_existing: bool) -> Iterator[Path]:
    for count in range(1, len(parts) + 1):
        place = base.joinpath(*parts[:count])
        options = (place.with_suffix(".py"), place / "__init__.py")
        existing = [option for option in options if option.is_file()]
        yield from existing
        if not existing and not only_existing:
            yield options[0]


def read_file(path: Path) -> bytes:
    """The first bytes of a file, one more than a file may have; raises OSError for what is no regular file."""
    # Opened without blocking: opening a pipe that has no writer would never return.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "It is no file")
        with open(handle, "rb", closefd=False) as file:
            return file.read(MOST_BYTES + 1)
    finally:
        os.close(handle)
