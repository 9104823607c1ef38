"""The heartbeat of a scheduler that drives a store alone: who drives, how late wakes are, how many a second."""

from __future__ import annotations

import os
import time
from collections import deque

from runtime.catalog import Catalog
from runtime.clock import Clock
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.wake_rate import WakeRate
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.ports.facts import Facts

BEAT_SECONDS = 2.0
RATES = 60
"""So many rates of the last heartbeats are shown as a curve."""


class SchedulerHeartbeat:
    """Written into the store every two seconds, where consoles and `why` read it."""

    def __init__(
        self,
        facts: Facts,
        clock: Clock,
        loop: WakeLoop,
        meter: CallMeter,
        catalog: Catalog,
        liveness: Liveness,
        *,
        attached: bool,
    ) -> None:
        """`attached`: the scheduler ends when its clients are gone."""
        self._facts = facts
        self._clock = clock
        self._loop = loop
        self._meter = meter
        self._catalog = catalog
        self._liveness = liveness
        self._attached = attached
        self._rate = WakeRate(loop.counters)
        self._rates: deque[float] = deque(maxlen=RATES)
        self._started_at = clock.now()
        self._written_at = 0.0

    def is_due(self) -> bool:
        """Whether the last one is two seconds old."""
        return time.monotonic() - self._written_at >= BEAT_SECONDS

    def write(self, *, stopped: bool = False) -> None:
        """Write it, with what was measured of external systems; raises StoreUnavailable."""
        rate = self._rate.take()
        counters = self._loop.counters
        self._written_at = time.monotonic()
        self._rates.append(round(rate, 2))
        if self._meter.changed:
            self._facts.put("systems", self._meter.summary())
            self._facts.put("durations", self._meter.durations())
        self._facts.put(
            "scheduler",
            {
                "pid": os.getpid(),
                "host": os.uname().nodename,
                "started_at": self._started_at.isoformat(),
                "beat_at": self._clock.now().isoformat(),
                "epoch": self._loop.epoch,
                "wakes": counters.wakes,
                "wakes_per_second": round(rate, 3),
                "rates": list(self._rates),
                "lateness_s": counters.lateness(0.5),
                "lateness_p99_s": counters.lateness(0.99),
                "in_flight": self._loop.in_flight,
                "stuck_threads": sum(self._catalog.stuck_threads().values()),
                "attached": self._attached,
                "stopped": stopped,
            },
        )
        self._liveness.beat()
