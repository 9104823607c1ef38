"""What exactly one worker of many does: releases, schedules, retention, and the heartbeat of all put together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from runtime.catalog import Catalog
from runtime.clock import Clock
from runtime.scheduler.monitoring.merged_heartbeat import combined
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.upkeep.hold_releases import Releases
from runtime.scheduler.upkeep.retention import Retention
from runtime.scheduler.upkeep.run_schedules import Schedules
from runtime.store.base import RunStore
from runtime.store.postgres.cluster import Cluster, Member

RETIRE_SECONDS = 3_600.0


class Duties:
    """The duties of the worker that leads; beside its own heartbeat, because they may take long."""

    def __init__(
        self,
        store: RunStore,
        cluster: Cluster,
        catalog: Catalog,
        clock: Clock,
        start_run: Callable[[str, str, datetime], None],
        retention_days: float,
        look_again: Callable[[], object] = lambda: None,
    ) -> None:
        self._store, self._cluster, self._clock = store, cluster, clock
        self._schedules = Schedules(store, catalog, clock, start_run)
        self._retention = Retention(store, catalog, retention_days)
        self._releases = Releases(store)
        self._look_again = look_again
        self._rates: deque[float] = deque(maxlen=60)
        self._retired_at = 0.0

    def tell(self, members: Sequence[Member]) -> None:
        """Put together what all workers tell."""
        told = combined(members, self._cluster.queue(), self._clock.now())
        self._rates.append(told["scheduler"]["wakes_per_second"])
        told["scheduler"]["rates"] = list(self._rates)
        for key, value in told.items():
            self._store.put_meta(key, value)

    def carry_out(self) -> None:
        """Wake what was released, start what is scheduled, remove what is over."""
        contained("releases", lambda: self._releases.look(self._clock.now()))
        contained("schedules", self._schedules.look)
        if time.monotonic() - self._retired_at >= RETIRE_SECONDS or not self._retired_at:
            self._retired_at = time.monotonic()
            self._cluster.forget_old_duties()
            contained("damaged", self._look_again)
            contained("retention", lambda: self._retention.remove(self._clock.now()))
