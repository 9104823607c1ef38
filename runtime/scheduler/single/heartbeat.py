"""The heartbeat of a scheduler that drives a store alone: who drives, how late wakes are, how many a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from runtime.model.facts import DURATIONS, HEARTBEAT, SYSTEMS
from runtime.model.heartbeat import Heartbeat, TargetCalls
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.heartbeat_builder import HeartbeatBuilder
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.store_gauges import Backlog
from runtime.store.ports.facts import Facts

BEAT_SECONDS = 1.5
_Measured = tuple[dict[str, TargetCalls], dict[str, list[float]]]


class SchedulerHeartbeat:
    """Written into the store again and again, where consoles and `why` read it."""

    def __init__(
        self,
        facts: Facts,
        builder: HeartbeatBuilder,
        meter: CallMeter,
        liveness: Liveness,
        backlog: Callable[[], Backlog],
    ) -> None:
        """`backlog` says what is due in the store; it is called in a thread."""
        self._facts = facts
        self._backlog = backlog
        self._builder = builder
        self._meter = meter
        self._liveness = liveness

    async def beat(self) -> None:
        """Write it without keeping the event loop waiting for the store; raises StoreUnavailable."""
        await asyncio.to_thread(self._store, self._builder.build(), self._measured(), behind=True)
        self._liveness.beat()

    def write(self, *, stopped: bool = False) -> None:
        """Write it at once; raises StoreUnavailable."""
        self._store(self._builder.build(stopped=stopped), self._measured())
        self._liveness.beat()

    def _measured(self) -> _Measured | None:
        """What was measured of external systems, if anything was since the last heartbeat."""
        if not self._meter.changed:
            return None
        return self._meter.summary(), {name: list(seconds) for name, seconds in self._meter.durations().items()}

    def _store(self, beat: Heartbeat, measured: _Measured | None, *, behind: bool = False) -> None:
        if behind:
            backlog = self._backlog()
            oldest = max(beat.oldest_due_s, round(backlog.oldest_due_s, 1))
            beat = replace(beat, due=beat.due + backlog.due, oldest_due_s=oldest)
        if measured is not None:
            SYSTEMS.write(self._facts, measured[0])
            DURATIONS.write(self._facts, measured[1])
        HEARTBEAT.write(self._facts, beat)
