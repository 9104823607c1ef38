"""Starts a scheduler in a process of its own, for the clients of a store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runtime.settings import Settings


def start(settings: Settings, directory: Path) -> subprocess.Popen[bytes]:
    """Start a scheduler that ends when nobody is attached to the store any more; it logs into the directory."""
    environment = {
        **os.environ,
        "FORKJOIN_STORE": os.fspath(settings.store),
        "FORKJOIN_DIRECTORY": settings.directory,
        "FORKJOIN_WORKFLOWS": os.pathsep.join(os.path.abspath(w) for w in settings.workflows),
    }
    log = directory / "scheduler.log"
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, *_safe_path(), "-m", "runtime", "--attached"],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            start_new_session=True,
            env=environment,
        )
    finally:
        os.close(handle)


def _safe_path() -> list[str]:
    """The option that keeps Python from running a folder `runtime` of the working directory; none if it is not needed.

    With an installed package the working directory need not be searched at all.
    """
    home = str(Path(__file__).resolve().parents[3])
    return ["-P"] if home in sys.path[1:] else []
