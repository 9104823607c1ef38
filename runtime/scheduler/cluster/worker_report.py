"""What a worker reports of itself with each heartbeat."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.model.heartbeat import Heartbeat, WorkerReport
from runtime.scheduler.cluster.leased_runs import LeasedRuns
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.heartbeat_builder import HeartbeatBuilder


class WorkerReporter:
    """Its reports are read by the worker that leads, which puts all of them together."""

    def __init__(
        self, builder: HeartbeatBuilder, runs: LeasedRuns, meter: CallMeter, reach: Sequence[str] | None
    ) -> None:
        """`reach` names the external systems the worker can call, None: all."""
        self._builder = builder
        self._runs = runs
        self._meter = meter
        self._reach = reach

    def take(self, *, leads: bool) -> tuple[Heartbeat, WorkerReport]:
        """The report of now; the rate in its heartbeat is that since the last one."""
        report = WorkerReport(
            leased=len(self._runs.leased),
            leads=leads,
            systems_reached=None if self._reach is None else tuple(self._reach),
            systems=self._meter.summary(),
            durations=self._meter.durations(),
        )
        return self._builder.build(), report
