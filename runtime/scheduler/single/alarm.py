"""Wakes by APScheduler: one alarm at the next due time and a slow sweep, never one job per run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

ALARM = "alarm"
SWEEP = "sweep"


class Alarm:
    """Calls `on_wake` at the hinted moment and at every sweep; calls may be lost, late or doubled.

    `on_wake` must only set a flag, so that no job of APScheduler ever runs long.
    """

    def __init__(self, on_wake: Callable[[], None], sweep_seconds: float = 5.0) -> None:
        self._on_wake = on_wake
        self._sweep_seconds = sweep_seconds
        self._at: datetime | None = None
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin; needs a running event loop."""
        # APScheduler drops an alarm that is set from inside its own date job: it is set again after the job has ended.
        self._scheduler.add_listener(self._job_ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self._sweep_again()
        self._scheduler.start()

    def _sweep_again(self) -> None:
        # An interval trigger lists every sweep that was missed: a clock that is set by years would fill the memory.
        at = datetime.now(UTC) + timedelta(seconds=self._sweep_seconds)
        self._scheduler.add_job(self._ring_for_sweep, DateTrigger(at, timezone="UTC"), id=SWEEP, replace_existing=True)

    def hint(self, at: datetime | None) -> None:
        """Wake at this moment instead of the one hinted before; None: only the sweep wakes."""
        if at == self._at:
            return
        self._at = at
        if at is None:
            if self._scheduler.get_job(ALARM):
                self._scheduler.remove_job(ALARM)
            return
        self._scheduler.add_job(self._ring, DateTrigger(at, timezone="UTC"), id=ALARM, replace_existing=True)

    async def _ring(self) -> None:
        self._at = None
        self._on_wake()

    async def _ring_for_sweep(self) -> None:
        self._on_wake()

    def _job_ended(self, event: JobExecutionEvent) -> None:
        if event.job_id == SWEEP:
            self._sweep_again()
        elif event.job_id == ALARM and self._at is not None and not self._scheduler.get_job(ALARM):
            at, self._at = self._at, None
            self.hint(at)

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
