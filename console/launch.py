"""Opening the console on a store: what the command line gives, made into an app that runs until it is left."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.crash_guard import ascii_only, prepare
from runtime.assembly.location import location_of, store_name
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.assembly.serving_scheduler import attach, attached_count, scheduler_alive, start_scheduler_process
from runtime.operations.queries.workers import workers_of
from runtime.operations.records import Actor
from runtime.settings import Settings

if TYPE_CHECKING:
    import subprocess

    from console.app import ForkjoinApp


@dataclass(frozen=True)
class Ways:
    """How a console is opened."""

    no_scheduler: bool = False
    restricted: bool = False
    slow_link: bool = False
    mouse: bool = False
    ascii: bool = False


def open_console(settings: Settings, actor: Actor, ways: Ways, *, stays: bool = True) -> int:
    """Run the console in this terminal; gives the exit code. Raises StoreUnavailable before anything is drawn.

    `stays`: whether the store is still there afterwards, so that it matters who wakes its runs.
    """
    colour = prepare(os.environ, slow_link=ways.slow_link)
    opened = open_runtime(settings, read_only=settings.read_only, actor=actor)
    started: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        stack.callback(opened.close)
        may_start = may_start_scheduler(settings, ways)
        if not settings.read_only:
            stack.enter_context(attach(opened.directory))
        if may_start and not scheduler_alive(opened):
            started.append(start_scheduler_process(opened))
        app = make_app(
            settings,
            actor,
            ways,
            opened,
            colour=colour,
            start=(lambda: started.append(start_scheduler_process(opened))) if may_start else None,
        )
        code = app.run(mouse=ways.mouse)
    if started and code == 0 and stays:
        _say_goodbye(settings, opened.directory)
    return app.return_code or 0


def make_app(
    settings: Settings,
    actor: Actor,
    ways: Ways,
    opened: Runtime,
    *,
    colour: bool,
    start: Callable[[], None] | None,
) -> ForkjoinApp:
    """The app; Textual is imported only now, after the environment was prepared."""
    from console.app import ForkjoinApp
    from console.key_bindings import remapped
    from console.options import SessionOptions
    from console.saved_views import saved_views
    from console.theme import Look

    saved_views()  # What is wrong in the settings file is said before anything is drawn.

    def reader() -> Runtime:
        return open_runtime(settings, read_only=True, actor=actor, runs_code=not ways.restricted)

    def writer() -> Runtime:
        return open_runtime(
            settings, read_only=settings.read_only, actor=actor, if_missing="refuse", runs_code=not ways.restricted
        )

    options = SessionOptions(
        open_reader=reader,
        open_actor=writer,
        now=opened.clock.now,
        store_name=store_name(settings),
        look=Look(ascii=ways.ascii or ascii_only(), colour=colour),
        read_only=settings.read_only,
        restricted=ways.restricted or settings.read_only,
        crash_log=None if settings.read_only else opened.directory / "console-crash.log",
        keys=remapped(),
        start_scheduler=start,
        driver=driver_of(settings),
    )
    return ForkjoinApp(options)


def may_start_scheduler(settings: Settings, ways: Ways) -> bool:
    """Whether this console starts programs at all, and the store is not a shared one, which workers drive."""
    shared = location_of(settings.store).shared
    return not (settings.read_only or ways.no_scheduler or ways.restricted or shared)


def driver_of(settings: Settings) -> str:
    """The command that drives the store: a shared one is driven by workers, and never from a console."""
    shared = location_of(settings.store).shared
    return "forkjoin " + ("worker" if shared else f"scheduler --store {shlex.quote(settings.store)}")


def _say_goodbye(settings: Settings, directory: Path) -> None:
    if attached_count(directory):
        return
    runtime = open_runtime(settings, read_only=True)
    try:
        open_runs = sum(
            n for status, n in runtime.queries.records.counts().items() if status in ("pending", "running", "sleeping")
        )
        others = len(workers_of(runtime.queries.scheduler())) > 1
    finally:
        runtime.close()
    if open_runs and not others:
        sys.stderr.write(
            f"The scheduler this console started ends in 30 s; {open_runs} runs will not be woken after that. "
            f"{driver_of(settings)} keeps them going.\n"
        )
