"""What a worker reports of itself with each heartbeat."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runtime.catalog import Catalog
from runtime.scheduler.cluster.leased_runs import LeasedRuns
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.wake_rate import WakeRate
from runtime.scheduler.waking.wake_loop import WakeLoop


class WorkerReport:
    """Read by the worker that leads, which puts all reports together."""

    def __init__(
        self,
        loop: WakeLoop,
        runs: LeasedRuns,
        catalog: Catalog,
        meter: CallMeter,
        reach: Sequence[str] | None,
        started_at: datetime,
        *,
        attached: bool,
    ) -> None:
        """`reach` names the external systems the worker can call, None: all."""
        self._loop = loop
        self._runs = runs
        self._catalog = catalog
        self._meter = meter
        self._reach = reach
        self._started_at = started_at
        self._attached = attached
        self._rate = WakeRate(loop.counters)

    def take(self, *, leads: bool) -> dict[str, Any]:
        """The report of now; the rate is that since the last one."""
        counters = self._loop.counters
        return {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "started_at": self._started_at.isoformat(),
            "wakes": counters.wakes,
            "wakes_per_second": round(self._rate.take(), 3),
            "lateness_s": counters.lateness(0.5),
            "lateness_p99_s": counters.lateness(0.99),
            "in_flight": self._loop.in_flight,
            "leased": len(self._runs.leased),
            "stuck_threads": sum(self._catalog.stuck_threads().values()),
            "attached": self._attached,
            "leads": leads,
            "systems_reached": None if self._reach is None else list(self._reach),
            "systems": self._meter.summary(),
            "durations": self._meter.durations(),
        }
