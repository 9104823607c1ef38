"""Whether a worker that fell silent was a process of this machine that has ended: then nothing of it goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def machine() -> str:
    """This machine since it was started, and the space of process numbers we are in; empty if it cannot be known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def has_ended(beat: Mapping[str, Any]) -> bool:
    """Whether the process that told this heartbeat is known to have ended."""
    if not machine() or beat.get("machine") != machine() or not beat.get("pid"):
        return False
    try:
        os.kill(int(beat["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
