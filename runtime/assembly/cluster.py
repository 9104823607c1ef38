"""Puts one worker of many on a PostgreSQL store together and runs it; loaded only where PostgreSQL is used."""

from __future__ import annotations

import os
from collections.abc import Sequence

from runtime.assembly.reachable_systems import ReachableSystems, reachable_systems
from runtime.assembly.runtime import open_runtime
from runtime.assembly.scheduler_parts import SchedulerParts, parts_of
from runtime.errors import StoreUnavailable
from runtime.model.act import Actor
from runtime.scheduler.cluster.holdings import Holdings
from runtime.scheduler.cluster.leased_runs import LeasedRuns
from runtime.scheduler.cluster.membership import Membership
from runtime.scheduler.cluster.offers import Offers
from runtime.scheduler.cluster.queue import Queue
from runtime.scheduler.cluster.shared_limits import SharedLimits
from runtime.scheduler.cluster.shared_questions import SharedQuestions
from runtime.scheduler.cluster.store_clock import StoreClock
from runtime.scheduler.cluster.worker import WorkerService
from runtime.scheduler.cluster.worker_duties import WorkerDuties
from runtime.scheduler.cluster.worker_report import WorkerReporter
from runtime.scheduler.monitoring.heartbeat_builder import HeartbeatBuilder
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.monitor import Monitor
from runtime.scheduler.monitoring.store_gauges import read_gauges
from runtime.scheduler.single.attachment import AttachedClients
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings
from runtime.store.postgres.cluster import Cluster
from runtime.store.postgres.store import PostgresStore


def run_cluster_worker(
    settings: Settings, *, concurrency: int, systems: Sequence[str], until_idle: bool, attached: bool
) -> int:
    """Work on the store together with others until stopped; returns the exit code. Errors as `driving.run_worker`."""
    runtime = open_runtime(settings, actor=Actor("scheduler", "scheduler"))
    store, clock = runtime.store, runtime.clock
    if not isinstance(store, PostgresStore) or not isinstance(clock, StoreClock):
        raise StoreUnavailable("This store is not in PostgreSQL.")
    cluster = Cluster(store, call_seconds=settings.call_timeout_seconds + 5)
    reachable = reachable_systems(runtime, cluster, systems)
    parts = parts_of(runtime, reachable.systems)
    runtime.catalog.decide_all()
    runs = LeasedRuns(store.due_runs, cluster, clock.now)
    limits = SharedLimits(cluster, settings.polls_per_target, settings.call_timeout_seconds)
    queue = Queue(store.database.dsn, runs.wake, concurrency=concurrency, reach=reachable.names)
    owner = f"{os.uname().nodename}:{os.getpid()}"
    loop = WakeLoop(
        store,
        Advancer(parts.program_of, clock, durations=parts.meter.durations, owner=owner, reaches=reachable.reaches),
        Calls(parts.meter.perform, clock, limits),
        clock,
        source=runs,
        batch=settings.batch_size,
        cached_runs=0,
    )
    liveness = Liveness()
    builder = HeartbeatBuilder(loop, runtime.catalog, clock, attached=attached)
    report = WorkerReporter(builder, runs, parts.meter, reachable.names)
    service = WorkerService(
        Membership(store, cluster, clock, runtime.directory, report),
        Holdings(cluster, queue, runs, limits),
        loop,
        Offers(store, cluster, reachable.names),
        _duties(parts, cluster, reachable, loop),
        AttachedClients(runtime.directory, attached=attached),
        liveness,
        runtime.catalog,
    )
    monitor = Monitor(
        liveness,
        loop,
        parts.meter,
        read=lambda: read_gauges(store, clock.now(), runtime.queries.attention_count, cluster.queue),
        stuck=runtime.catalog.stuck_threads,
        leased=lambda: len(runs.leased),
        store="postgresql",
        port=0 if attached else settings.metrics_port,
    )
    try:
        return monitor.run(lambda: service.run(until_idle=until_idle))
    finally:
        parts.close()


def _duties(parts: SchedulerParts, cluster: Cluster, reachable: ReachableSystems, loop: WakeLoop) -> WorkerDuties:
    return WorkerDuties(
        cluster,
        parts.duties_of(loop),
        parts.acts,
        SharedQuestions(parts.runtime.store, cluster, parts.runtime.clock, reachable.names),
        parts.answerer.look,
        parts.sweep,
    )
