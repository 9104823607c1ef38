"""The scheduler that serves the clients of a store: whether one is alive, starting one, being attached to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.assembly.runtime import Runtime

if TYPE_CHECKING:
    import subprocess


def scheduler_alive(runtime: Runtime) -> bool:
    """Whether a scheduler has written a heartbeat lately."""
    from runtime.engine.explain.heartbeat_words import scheduler_state
    from runtime.model.facts import HEARTBEAT

    return scheduler_state(HEARTBEAT.read(runtime.store.facts), runtime.clock.now())[0]


def start_scheduler_process(runtime: Runtime) -> subprocess.Popen[bytes]:
    """Start a scheduler in a process of its own that ends when nobody is attached to the store any more."""
    from runtime.scheduler.single.attached_process import start

    return start(runtime.settings, runtime.directory)


@contextmanager
def attach(directory: Path) -> Iterator[None]:
    """Be attached to the scheduler that serves a store, as long as the context lasts."""
    from runtime.scheduler.single import attachment

    with attachment.attach(directory):
        yield


def attached_count(directory: Path) -> int:
    """How many clients are attached to the scheduler of a store."""
    from runtime.scheduler.single import attachment

    return attachment.attached_count(directory)
