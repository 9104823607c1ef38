"""Puts one worker of many on a PostgreSQL store together and runs it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from runtime.assembly.location import location_of
from runtime.assembly.runtime import open_runtime
from runtime.assembly.scheduler_parts import parts_of
from runtime.errors import InvalidInput, StoreUnavailable
from runtime.model.act import Actor
from runtime.scheduler.monitoring.liveness import Vitals
from runtime.scheduler.monitoring.monitor import Monitor
from runtime.scheduler.monitoring.store_gauges import read_facts
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings


def run_worker(
    settings: Settings,
    *,
    concurrency: int = 100,
    systems: Sequence[str] = (),
    until_idle: bool = False,
    attached: bool = False,
) -> int:
    """Work on a PostgreSQL store together with others until stopped; returns the exit code.

    `systems` names the external systems this worker may reach; none: all it can.

    Raises:
        InvalidInput: The store is an embedded one, or a system is unknown.
        StoreUnavailable: The store cannot be used.
    """
    if not location_of(settings.store).shared:
        raise InvalidInput(
            "Workers share a PostgreSQL store: --store postgresql://... For a directory: forkjoin scheduler."
        )
    from runtime.assembly.reachable_systems import reachable_systems
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
    reachable = reachable_systems(runtime, cluster, systems)
    parts = parts_of(runtime, reachable.systems)
    source = OfferedSource(store, cluster, clock.now)
    limits = SharedLimits(cluster, settings.polls_per_target, settings.call_timeout_seconds)
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
        reaches=reachable.reaches,
        kept_runs=0,
    )
    vitals = Vitals()
    service = WorkerService(
        store,
        cluster,
        loop,
        source,
        limits,
        Queue(store.database.dsn, source.wake, concurrency=concurrency, reach=reachable.names),
        clock,
        settings,
        runtime.directory,
        catalog=runtime.catalog,
        start_run=parts.start_run,
        look=parts.answering.look,
        meter=parts.meter,
        vitals=vitals,
        reach=reachable.names,
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
