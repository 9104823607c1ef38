"""Directories of stores are for their owner alone: made so, and refused while others may look in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runtime.errors import StoreUnavailable

MODE = 0o700
OTHERS = 0o077


def make_private(directory: Path) -> None:
    """Make a directory and what is missing above it, each for its owner alone, whatever the umask; OSError if not."""
    missing = [directory]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        try:
            path.mkdir(mode=MODE)
        except FileExistsError:
            if not path.is_dir():
                raise


def refuse_open(directory: Path) -> None:
    """Raise StoreUnavailable if others may look into the directory of a store, with the command that mends it.

    A store of somebody else is theirs to open, and on a disk that is mounted read-only nothing can be mended: there
    it is taken as it is, and doctor tells.
    """
    try:
        found = directory.stat()
        mode, ours = stat.S_IMODE(found.st_mode), os.geteuid() in (0, found.st_uid)
        if not mode & OTHERS or not ours or os.statvfs(directory).f_flag & os.ST_RDONLY:
            return
    except OSError:
        return  # whoever opens it meets the trouble itself
    import shlex

    raise StoreUnavailable(
        f"Others may look into {directory} (mode {mode:o}), where results, logs and states of runs lie. Nothing was "
        f"opened. Close it, then go on: chmod 700 {shlex.quote(str(directory))}"
    )
