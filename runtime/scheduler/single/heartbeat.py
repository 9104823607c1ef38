"""The heartbeat of a scheduler that drives a store alone: who drives, how late wakes are, how many a second."""

from __future__ import annotations

import time

from runtime.model.facts import DURATIONS, HEARTBEAT, SYSTEMS
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.heartbeat_builder import HeartbeatBuilder
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.store.ports.facts import Facts

BEAT_SECONDS = 2.0


class SchedulerHeartbeat:
    """Written into the store every two seconds, where consoles and `why` read it."""

    def __init__(self, facts: Facts, builder: HeartbeatBuilder, meter: CallMeter, liveness: Liveness) -> None:
        self._facts = facts
        self._builder = builder
        self._meter = meter
        self._liveness = liveness
        self._written_at = 0.0

    def is_due(self) -> bool:
        """Whether the last one is two seconds old."""
        return time.monotonic() - self._written_at >= BEAT_SECONDS

    def write(self, *, stopped: bool = False) -> None:
        """Write it, with what was measured of external systems; raises StoreUnavailable."""
        beat = self._builder.build(stopped=stopped)
        self._written_at = time.monotonic()
        if self._meter.changed:
            SYSTEMS.write(self._facts, self._meter.summary())
            DURATIONS.write(self._facts, self._meter.durations())
        HEARTBEAT.write(self._facts, beat)
        self._liveness.beat()
