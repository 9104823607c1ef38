"""What a console is opened with: one record, made once by the command line or a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.theme import Look

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime

REFRESH_SECONDS = 1.0


@dataclass(frozen=True)
class SessionOptions:
    """How this session reads and acts, and what it is not allowed to do."""

    open_reader: Callable[[], Runtime]
    """Opens a read-only runtime; called once by each reading thread."""
    open_actor: Callable[[], Runtime]
    """Opens the runtime that acts are given to; called once by the acting thread."""
    now: Callable[[], datetime]
    store_name: str = "store"
    look: Look = field(default_factory=Look)
    read_only: bool = False
    """Whether commands that write are left out."""
    restricted: bool = False
    """Whether the session starts no program, and reads and writes no file."""
    crash_log: Path | None = None
    """Where the traceback of a crash is appended; None writes none."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Remapped keys by command id, separated by commas; an empty text leaves a command without a key."""
    start_scheduler: Callable[[], None] | None = None
    """Starts a scheduler process; None where this console must not start one."""
    driver: str = "forkjoin scheduler"
    """The shell command that drives this store."""
    refresh_seconds: float = REFRESH_SECONDS
    """How often times are drawn again; 0 never, for tests."""
    watching: bool = True
    """Whether a thread waits for changes of the store; otherwise the change token is asked for at each refresh."""
