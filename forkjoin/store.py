"""An open store, as a Python program works with it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from forkjoin.errors import TimedOut
from runtime.assembly.location import location_of
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.assembly.serving_scheduler import attach, scheduler_alive, start_scheduler_process
from runtime.operations.current_actor import actor_of
from runtime.settings import Settings

if TYPE_CHECKING:
    from forkjoin.records import HistoryEntry, Run
    from runtime.operations.commands import Commands
    from runtime.operations.queries.queries import Queries

LONGEST_PAUSE_SECONDS = 0.5
"""How long following waits for a change before it looks whether its time is over."""


def open_store(
    store: str | os.PathLike[str] | None = None,
    *,
    workflows: Sequence[str | os.PathLike[str]] = (),
    settings: Settings | None = None,
    actor: str | None = None,
    read_only: bool = False,
) -> Store:
    """Open a store, to be used as a context manager or closed.

    Args:
        store: Directory of the store, made if it is missing, or a postgresql:// URL. Without it the environment
            and the settings file say which store is opened, as for the command line.
        workflows: Folders of workflow folders, besides those that ship with forkjoin.
        settings: All settings at once, instead of the environment and the settings file.
        actor: Who is recorded with each act; the login name if it is not given.
        read_only: Whether every command is refused.

    Raises:
        InvalidInput: A setting cannot be used.
        StoreUnavailable: The store cannot be opened.
    """
    if settings is None:
        settings = Settings.load(
            {
                "store": None if store is None else os.fspath(store),
                "workflows": tuple(os.fspath(folder) for folder in workflows),
            }
        )
    elif store is not None or workflows:
        raise TypeError("open_store takes the store and workflows of its settings; leave out one of both.")
    read_only = read_only or settings.read_only
    return Store(open_runtime(settings, read_only=read_only, actor=actor_of(actor, os.environ, "python")))


class Store:
    """An open store: `queries` reads it, `commands` changes it, `scheduler` drives it, `follow` watches one run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @property
    def settings(self) -> Settings:
        return self._runtime.settings

    @property
    def queries(self) -> Queries:
        """Everything that may be asked of the store."""
        return self._runtime.queries

    @property
    def commands(self) -> Commands:
        """Everything an operator may do; each command records an act and returns a receipt."""
        return self._runtime.commands

    @contextmanager
    def scheduler(self) -> Iterator[None]:
        """Keep a scheduler driving the store as long as the context lasts; starts one if none is alive.

        The scheduler is a process of its own, shared by every client of the store; it ends half a minute after the
        last one is gone. A store in PostgreSQL is driven by its workers alone: none is started.
        """
        with attach(self._runtime.directory):
            if not location_of(self.settings.store).shared and not scheduler_alive(self._runtime):
                start_scheduler_process(self._runtime)
            yield

    def follow(self, run_id: str, *, timeout: float | None = None) -> Iterator[HistoryEntry]:
        """Yield the history of a run from its beginning, and each entry that is added, until the run has ended.

        Raises:
            NotFound: There is no such run, or it was removed.
            Damaged: A record of the run cannot be read.
            TimedOut: The run has not ended after so many seconds.
        """
        changes, began, yielded = self.queries.changes, time.monotonic(), 0
        while True:
            token = changes.token()
            run = self.queries.load(run_id).run
            entries = self.queries.records.history(run_id)
            yield from entries[yielded:]
            yielded = len(entries)
            if run.ended_at is not None:
                return
            if timeout is not None and time.monotonic() - began > timeout:
                raise TimedOut(f"{run_id} did not end within {timeout:g} s: it is {run.status}.")
            changes.wait(token, LONGEST_PAUSE_SECONDS)

    def wait(self, run_id: str, *, timeout: float | None = None) -> Run:
        """Wait until a run has ended, and return it; raises as `follow` does."""
        for _ in self.follow(run_id, timeout=timeout):
            pass
        return self.queries.load(run_id).run

    def close(self) -> None:
        self._runtime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
