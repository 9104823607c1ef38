"""One worker among all workers of a store: it joins, shows that it is alive, evicts silent ones, and may lead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from runtime.logs import get_logger
from runtime.model.facts import DURATIONS, HEARTBEAT, SYSTEMS
from runtime.model.heartbeat import Heartbeat
from runtime.scheduler.cluster.merged_heartbeat import combined
from runtime.scheduler.cluster.store_clock import StoreClock
from runtime.scheduler.cluster.worker_report import WorkerReporter
from runtime.store.ports.store import Store
from runtime.store.postgres.cluster import Cluster, Member

log = get_logger(__name__)
DUTY = "duties"
DUTY_SECONDS = 5.0
"""How long a leader leads on without a heartbeat."""
RATES = 60
"""So many rates of the last heartbeats are shown as a curve."""


class Membership:
    """The place of this worker; every method waits for the store and may raise StoreUnavailable."""

    def __init__(
        self, store: Store, cluster: Cluster, clock: StoreClock, directory: Path, report: WorkerReporter
    ) -> None:
        self.directory = directory
        """The directory of this machine."""
        self.leads = False
        self.workers = 1
        """Number of workers the last heartbeat saw."""
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._report = report
        self._rates: deque[float] = deque(maxlen=RATES - 1)

    @property
    def number(self) -> int:
        """The number of this worker, another one each time it joins."""
        return self._cluster.number

    def seconds_until(self, moment: datetime) -> float:
        """Seconds from now to a moment, by the clock of the store."""
        return (moment - self._clock.now()).total_seconds()

    def join(self) -> None:
        """Register as a worker; raises Refused or StoreUnavailable where no worker may work."""
        host = os.uname().nodename
        self._clock.measure(self._store.now())
        self._cluster.join(f"{host}:{os.getpid()}", host, *self._report.take(leads=self.leads))

    def beat(self, queue_worker: int | None) -> None:
        """Show that this worker is alive, and take the time of the store; raises LostRight if it was evicted.

        `queue_worker` is the number under which it takes jobs.
        """
        self._cluster.beat(*self._report.take(leads=self.leads), queue_worker)
        self._clock.measure(self._store.now())

    def evict_silent(self) -> list[str]:
        """Evict workers that are silent; returns their names."""
        return self._cluster.evict_silent()

    def elect(self, members: Sequence[Member]) -> bool:
        """Lead, or go on leading, if no other worker does; returns whether this worker has just become the leader."""
        self.workers = len(members)
        led = self.leads
        self.leads = self._cluster.take_duty(DUTY, DUTY_SECONDS)
        return self.leads and not led

    def members(self) -> list[Member]:
        """All workers."""
        return self._cluster.members()

    def publish(self, members: Sequence[Member]) -> None:
        """Write the heartbeat of all workers together, where consoles and `why` read it."""
        facts = self._store.facts
        self._cluster.fold_counts()
        merged = combined(members, self._cluster.queue(), self._clock.now(), self._rates)
        self._rates.append(merged.heartbeat.wakes_per_second)
        HEARTBEAT.write(facts, merged.heartbeat)
        SYSTEMS.write(facts, merged.systems)
        DURATIONS.write(facts, merged.durations)

    def leave(self, not_begun: Sequence[str]) -> None:
        """Leave, and offer the runs again whose wakes were not begun; the last one writes that nobody is left."""
        self._cluster.leave(not_begun)
        if not self._cluster.members():
            heartbeat = HEARTBEAT.read(self._store.facts) or Heartbeat()
            HEARTBEAT.write(self._store.facts, replace(heartbeat, workers=(), stopped=True))
