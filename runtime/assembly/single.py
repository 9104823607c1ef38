"""Puts the one scheduler of an embedded store together and runs it."""

from __future__ import annotations

import os

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.assembly.scheduler_parts import SchedulerParts, parts_of
from runtime.errors import Refused
from runtime.model.act import Actor
from runtime.scheduler.monitoring.heartbeat_builder import HeartbeatBuilder
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.monitor import Monitor
from runtime.scheduler.monitoring.store_gauges import backlog_of, read_gauges
from runtime.scheduler.single.attachment import AttachedClients
from runtime.scheduler.single.driving_lock import DrivingLock
from runtime.scheduler.single.heartbeat import SchedulerHeartbeat
from runtime.scheduler.single.rest import Rest
from runtime.scheduler.single.service import SchedulerService
from runtime.scheduler.single.upkeep import Upkeep
from runtime.scheduler.upkeep.moved_store import refuse_moved
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.clock_watch import ClockWatch
from runtime.scheduler.waking.limits import LocalLimits
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings


def run_single_scheduler(settings: Settings, *, until_idle: bool, attached: bool) -> int:
    """Drive the store until it is stopped; returns the exit code. Raises Refused if its runs were moved away."""
    runtime = open_runtime(settings, actor=Actor("scheduler", "scheduler"))
    try:
        refuse_moved(runtime.store.facts)
    except Refused:
        runtime.close()
        raise
    parts = parts_of(runtime, runtime.systems.all())
    runtime.catalog.decide_all()
    watch = ClockWatch(runtime.store, runtime.clock)
    loop = _loop(runtime, parts, watch)
    liveness = Liveness()
    service = _service(runtime, parts, loop, watch, liveness, attached=attached)
    monitor = Monitor(
        liveness,
        loop,
        parts.meter,
        read=lambda: read_gauges(
            runtime.store, runtime.clock.now(), runtime.queries.attention_count, busy=loop.busy_runs
        ),
        stuck=runtime.catalog.stuck_threads,
        port=0 if attached else settings.metrics_port,
    )
    try:
        return monitor.run(lambda: service.run(until_idle=until_idle))
    finally:
        parts.close()


def _loop(runtime: Runtime, parts: SchedulerParts, watch: ClockWatch) -> WakeLoop:
    owner = f"{os.uname().nodename}:{os.getpid()}"
    return WakeLoop(
        runtime.store,
        Advancer(
            parts.program_of,
            runtime.clock,
            durations=parts.meter.durations,
            owner=owner,
            clock_settings=lambda: watch.settings,
        ),
        Calls(parts.meter.perform, runtime.clock, LocalLimits(runtime.settings.polls_per_target)),
        runtime.clock,
        clock_watch=watch,
        batch=runtime.settings.batch_size,
    )


def _service(
    runtime: Runtime,
    parts: SchedulerParts,
    loop: WakeLoop,
    watch: ClockWatch,
    liveness: Liveness,
    *,
    attached: bool,
) -> SchedulerService:
    store, clock, catalog = runtime.store, runtime.clock, runtime.catalog
    builder = HeartbeatBuilder(loop, catalog, clock, attached=attached)
    heartbeat = SchedulerHeartbeat(
        store.facts,
        builder,
        parts.meter,
        liveness,
        backlog=lambda: backlog_of(store.due_runs, clock.now(), loop.busy_runs),
    )
    return SchedulerService(
        store,
        loop,
        Rest(store.changes, loop.calls, clock, runtime.settings.sweep_seconds),
        Upkeep(
            heartbeat,
            parts.acts,
            parts.duties_of(loop, lambda: watch.settings),
            store.questions,
            parts.answerer.look,
            parts.sweep,
            watch,
        ),
        DrivingLock(runtime.directory),
        AttachedClients(runtime.directory, attached=attached),
        liveness,
        catalog,
    )
