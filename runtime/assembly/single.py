"""Puts the one scheduler of an embedded store together and runs it."""

from __future__ import annotations

import os

from runtime.assembly.runtime import open_runtime
from runtime.assembly.scheduler_parts import parts_of
from runtime.errors import Refused
from runtime.model.act import Actor
from runtime.scheduler.monitoring.liveness import Vitals
from runtime.scheduler.monitoring.monitor import Monitor
from runtime.scheduler.monitoring.store_gauges import read_facts
from runtime.scheduler.single.service import SchedulerService
from runtime.scheduler.upkeep.moved_store import refuse_moved
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings


def run_single_scheduler(settings: Settings, *, until_idle: bool, attached: bool) -> int:
    """Drive the store until it is stopped; returns the exit code. Raises Refused if its runs were moved away."""
    runtime = open_runtime(settings, actor=Actor("scheduler", "scheduler"))
    try:
        refuse_moved(runtime.store)
    except Refused:
        runtime.close()
        raise
    parts = parts_of(runtime, runtime.systems.all())
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
