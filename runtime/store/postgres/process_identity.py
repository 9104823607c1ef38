"""Whether a worker that fell silent was a process of this machine that has ended: then nothing of it goes on."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """This machine since it was started, and the space of process numbers we are in; empty if it cannot be known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def has_ended(pid: int | None, of_machine: str) -> bool:
    """Whether a process is known to have ended; `of_machine` is what `machine` returned to it."""
    if not machine() or of_machine != machine() or not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
