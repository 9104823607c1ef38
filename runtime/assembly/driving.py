"""Puts a scheduler together and runs it: alone on an embedded store, one worker of many on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.catalog import PythonSystem
from runtime.clock import Clock
from runtime.engine.perform import Performer
from runtime.errors import InvalidInput, Refused, StoreUnavailable
from runtime.external.registry import external_systems
from runtime.model.act import Actor
from runtime.model.run import Run
from runtime.nearest import did_you_mean
from runtime.operations.acting import program_of
from runtime.operations.starting import NewRun, start_runs
from runtime.scheduler.monitoring.call_meter import Meter
from runtime.scheduler.monitoring.liveness import Vitals
from runtime.scheduler.monitoring.monitor import Monitor
from runtime.scheduler.monitoring.store_gauges import read_facts
from runtime.scheduler.single.service import SchedulerService
from runtime.scheduler.upkeep.moved_store import refuse_moved
from runtime.scheduler.upkeep.question_answerer import Answering
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings
from runtime.store.opening import is_url


@dataclass
class Parts:
    """What every scheduler is made of."""

    runtime: Runtime
    performer: Performer
    meter: Meter
    answering: Answering
    systems: dict[str, Any]

    def programs(self, run: Run) -> tuple[Any, str | None]:
        """The program of a run and the hash of its code."""
        code = self.runtime.catalog.code_of(run)
        return program_of(self.runtime.store, self.runtime.catalog, run), code.hash if code else None

    def start_run(self, workflow: str, run_id: str, tick: Any) -> None:
        """Start the run of a tick; one that is there already is left alone."""
        with suppress(Refused):
            start_runs(self.runtime.commands.acting, workflow, [NewRun(run_id)], reason=f"schedule tick {tick}")

    def close(self) -> None:
        """Close systems and store."""
        for system in self.systems.values():
            if hasattr(system, "close"):
                with suppress(Exception):
                    asyncio.run(system.close())
        self.runtime.close()


def parts_of(runtime: Runtime, clock: Clock, systems: dict[str, Any]) -> Parts:
    """Put together what works on runs, with these external systems."""
    known: dict[str, Any] = {**systems, "python": PythonSystem(runtime.catalog.code)}
    # Task code has its own limit inside the catalog; ours only catches what slips through.
    performer = Performer(known, runtime.catalog, clock, runtime.settings.call_timeout_seconds + 5)
    meter = Meter(performer.perform, durations=runtime.store.meta("durations"))

    def program(run: Run) -> Any:
        return program_of(runtime.store, runtime.catalog, run)

    return Parts(runtime, performer, meter, Answering(runtime.store, performer, program, clock), systems)


def run_scheduler(settings: Settings, *, until_idle: bool = False, attached: bool = False) -> int:
    """Run the scheduler in the foreground until it is stopped; gives the exit code."""
    if is_url(settings.store):
        return run_worker(settings, until_idle=until_idle, attached=attached)
    runtime = open_runtime(settings, actor=Actor("scheduler", "scheduler"))
    try:
        refuse_moved(runtime.store)
    except Refused:
        runtime.close()
        raise
    parts = parts_of(runtime, runtime.clock, runtime.systems.all())
    runtime.catalog.decide_all()
    loop = WakeLoop(
        runtime.store,
        parts.programs,
        parts.meter.perform,
        runtime.clock,
        carry_out=runtime.commands.carry_out,
        durations=parts.meter.durations,
        owner=f"{os.uname().nodename}:{os.getpid()}",
        batch=settings.batch_size,
        calls_per_target=settings.polls_per_target,
    )
    vitals = Vitals()
    service = SchedulerService(
        runtime.store,
        loop,
        runtime.clock,
        settings,
        runtime.directory,
        catalog=runtime.catalog,
        start_run=parts.start_run,
        look=parts.answering.look,
        meter=parts.meter,
        vitals=vitals,
        attached=attached,
    )
    monitor = Monitor(
        vitals,
        loop,
        parts.meter,
        read=lambda: read_facts(
            runtime.store, runtime.clock.now(), runtime.queries.attention_count, busy=loop.busy_runs
        ),
        stuck=runtime.catalog.stuck_threads,
        port=0 if attached else settings.metrics_port,
    )
    try:
        return monitor.run(lambda: service.run(until_idle=until_idle))
    finally:
        parts.close()


def run_worker(
    settings: Settings,
    *,
    concurrency: int = 100,
    systems: Sequence[str] = (),
    until_idle: bool = False,
    attached: bool = False,
) -> int:
    """Work on a PostgreSQL store together with others until stopped; gives the exit code.

    `systems` names the external systems this worker may reach; none: all it can. Raises InvalidInput for an
    embedded store or an unknown system, StoreUnavailable.
    """
    if not is_url(settings.store):
        raise InvalidInput(
            "Workers share a PostgreSQL store: --store postgresql://... For a directory: forkjoin scheduler."
        )
    from runtime.scheduler.cluster.leased_runs import OfferedSource
    from runtime.scheduler.cluster.queue import Queue
    from runtime.scheduler.cluster.shared_limits import SharedLimits
    from runtime.scheduler.cluster.store_clock import StoreClock
    from runtime.scheduler.cluster.worker import WorkerService
    from runtime.store.postgres.cluster import Cluster
    from runtime.store.postgres.store import PostgresStore

    runtime = open_runtime(settings, actor=Actor("scheduler", "scheduler"))
    store, clock = runtime.store, runtime.clock
    if not isinstance(store, PostgresStore) or not isinstance(clock, StoreClock):
        raise StoreUnavailable("This store is not in PostgreSQL.")
    cluster = Cluster(store, call_seconds=settings.call_timeout_seconds + 5)
    reachable, reach = _reachable(runtime, cluster, systems)
    parts = parts_of(runtime, clock, reachable)
    source = OfferedSource(store, cluster, clock.now)
    limits = SharedLimits(cluster, settings.polls_per_target, settings.call_timeout_seconds)
    allowed = None if reach is None else frozenset((*reach, "python", "local"))
    runtime.catalog.decide_all()
    loop = WakeLoop(
        store,
        parts.programs,
        parts.meter.perform,
        clock,
        carry_out=runtime.commands.carry_out,
        durations=parts.meter.durations,
        owner=f"{os.uname().nodename}:{os.getpid()}",
        batch=settings.batch_size,
        source=source,
        limits=limits,
        reaches=lambda name: allowed is None or name in allowed,
        kept_runs=0,
    )
    vitals = Vitals()
    service = WorkerService(
        store,
        cluster,
        loop,
        source,
        limits,
        Queue(store.database.dsn, source.wake, concurrency=concurrency, reach=reach),
        clock,
        settings,
        runtime.directory,
        catalog=runtime.catalog,
        start_run=parts.start_run,
        look=parts.answering.look,
        meter=parts.meter,
        vitals=vitals,
        reach=reach,
        attached=attached,
    )
    monitor = Monitor(
        vitals,
        loop,
        parts.meter,
        read=lambda: read_facts(store, clock.now(), runtime.queries.attention_count, cluster.queue),
        stuck=runtime.catalog.stuck_threads,
        leased=lambda: len(source.leased),
        store="postgresql",
        port=0 if attached else settings.metrics_port,
    )
    try:
        return monitor.run(lambda: service.run(until_idle=until_idle))
    finally:
        parts.close()


def _reachable(runtime: Runtime, cluster: Any, named: Sequence[str]) -> tuple[dict[str, Any], list[str] | None]:
    """The external systems of this worker, and their names; None for the names: every system.

    Work of some systems lives in files of one machine. The first worker that reaches such a system makes its
    machine, and directory, the home of that work; workers elsewhere leave it to those there.
    """
    made: dict[str, Any] = runtime.systems.all()
    unknown = sorted(set(named) - set(made))
    if unknown:
        near = did_you_mean(unknown[0], made)
        raise InvalidInput(f"There is no external system {unknown[0]}; there are {', '.join(sorted(made))}.{near}")
    host = os.uname().nodename
    away: set[str] = set()
    for name in sorted(named or made):
        if not getattr(made[name], "on_one_machine", False):
            continue
        home, folder = cluster.home(name, host, str(runtime.directory.absolute()))
        if home != host:
            if name in named:
                raise Refused(
                    f"The work of {name} lives on {home}, in {folder}: this worker on {host} cannot see it. "
                    f"Run a worker there, or leave {name} out of --systems."
                )
            away.add(name)
        elif folder != str(runtime.directory.absolute()):
            from pathlib import Path

            made[name] = external_systems(Path(folder), runtime.clock)[name]
    if not named and not away:
        return made, None
    kept = {name: system for name, system in made.items() if name not in away and (not named or name in named)}
    return kept, sorted(kept)
