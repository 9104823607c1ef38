"""The one place where the heartbeat of a process that drives a store is made, be it a scheduler or a worker."""

from __future__ import annotations

import os
from collections import deque

from runtime.catalog.catalog import Catalog
from runtime.clock import Clock
from runtime.model.heartbeat import Heartbeat
from runtime.model.target import full_name
from runtime.scheduler.monitoring.wake_rate import WakeRate
from runtime.scheduler.waking.wake_loop import WakeLoop

RATES = 60
"""So many rates of the last heartbeats are shown as a curve."""


class HeartbeatBuilder:
    """Measures the wake loop of this process."""

    def __init__(self, loop: WakeLoop, catalog: Catalog, clock: Clock, *, attached: bool) -> None:
        """`attached`: the process ends when its clients are gone."""
        self._loop = loop
        self._catalog = catalog
        self._clock = clock
        self._attached = attached
        self._rate = WakeRate(loop.counters)
        self._rates: deque[float] = deque(maxlen=RATES)
        self._started_at = clock.now()

    def build(self, *, stopped: bool = False) -> Heartbeat:
        """The heartbeat of now; its rate is that since the one before, and what is due are the calls that wait here."""
        rate, counters, crowds = self._rate.take(), self._loop.counters, self._loop.calls.crowds
        self._rates.append(round(rate, 2))
        return Heartbeat(
            pid=os.getpid(),
            host=os.uname().nodename,
            started_at=self._started_at,
            beat_at=self._clock.now(),
            epoch=self._loop.epoch,
            wakes=counters.wakes,
            wakes_per_second=round(rate, 3),
            rates=tuple(self._rates),
            lateness_s=counters.lateness(0.5),
            lateness_p99_s=counters.lateness(0.99),
            in_flight=self._loop.in_flight,
            stuck_threads=sum(self._catalog.stuck_threads().values()),
            attached=self._attached,
            due=crowds.waiting,
            oldest_due_s=round(crowds.longest_wait_seconds, 1),
            slowest=full_name(*crowds.slowest) if crowds.slowest is not None else "",
            stopped=stopped,
        )
