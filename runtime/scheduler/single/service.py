"""The scheduler as a process: takes the right to drive, wakes runs, shows it is alive, stops gracefully."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from runtime.catalog import Catalog
from runtime.clock import Clock
from runtime.errors import LostRight, StoreUnavailable
from runtime.logs import get_logger
from runtime.safe_text import described
from runtime.scheduler.monitoring.call_meter import Meter
from runtime.scheduler.monitoring.liveness import Vitals
from runtime.scheduler.monitoring.systemd_notify import notify
from runtime.scheduler.single.alarm import Alarm
from runtime.scheduler.single.attachment import ALONE_SECONDS, LeftAlone, attached_count
from runtime.scheduler.single.driving_lock import DrivingRight
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.upkeep.hold_releases import Releases
from runtime.scheduler.upkeep.moved_store import refuse_moved
from runtime.scheduler.upkeep.retention import Retention
from runtime.scheduler.upkeep.run_schedules import Schedules
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings
from runtime.store.base import RunStore
from runtime.store.removed_work import Sweeping

log = get_logger(__name__)
BEAT_SECONDS = 2.0
LOOK_SECONDS = 0.25
STANDBY_SECONDS = 0.5
DRAIN_SECONDS = 20.0
RETIRE_SECONDS = 3_600.0


class SchedulerService:
    """Drives one store until it is told to stop."""

    def __init__(
        self,
        store: RunStore,
        loop: WakeLoop,
        clock: Clock,
        settings: Settings,
        directory: Path,
        *,
        catalog: Catalog,
        start_run: Callable[[str, str, datetime], None],
        look: Callable[[], None] = lambda: None,
        meter: Meter | None = None,
        vitals: Vitals | None = None,
        attached: bool = False,
    ) -> None:
        self._store = store
        self._loop = loop
        self._clock = clock
        self._settings = settings
        self._directory = directory
        self._catalog = catalog
        self._schedules = Schedules(store, catalog, clock, start_run)
        self._retention = Retention(store, catalog, settings.retention_days)
        self._look = look
        self._meter = meter
        self._vitals = vitals or Vitals()
        self._rates: deque[float] = deque(maxlen=60)
        self._attached = attached
        self._nobody_left = LeftAlone(directory, attached=attached)
        self._right = DrivingRight(directory)
        self._releases = Releases(store)
        self._sweep = Sweeping(store, catalog.systems)
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._started_at = clock.now()
        self._beat_at = 0.0
        self._retired_at = 0.0
        self._ticked: datetime | None = None
        self._wakes_before = (0, time.monotonic())

    async def run(self, *, until_idle: bool = False) -> int:
        """Drive until a signal, or with `until_idle` until nothing is left to wake; gives the exit code."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._stop.set)
        running.add_signal_handler(signal.SIGHUP, self._reload)
        alarm = Alarm(self._wake.set, self._settings.sweep_seconds)
        alarm.start()
        try:
            while not self._stop.is_set():
                if not await self._stand_by():
                    break
                try:
                    if await self._drive(alarm, until_idle=until_idle):
                        break
                except LostRight as problem:
                    log.warning("scheduler.lost_right", problem=problem.message)
                    self._right.release()
            return 0
        finally:
            notify("STOPPING=1")
            self._vitals.waits("It is stopping.")
            alarm.stop()
            with suppress(StoreUnavailable):
                await self._loop.drain(DRAIN_SECONDS)
                self._beat(stopped=True)
            self._right.release()
            log.info("scheduler.stopped", wakes=self._loop.wakes)

    def _reload(self) -> None:
        self._catalog.reload()
        log.info("scheduler.reloaded", workflows=len(self._catalog.known()))

    async def _stand_by(self) -> bool:
        """Wait for the right to drive; False if told to stop, or nobody is served, while waiting."""
        told = False
        while not self._right.acquire():
            if not told:
                log.info("scheduler.standing_by", directory=self._directory)
                told = True
                self._vitals.waits("It stands by: another scheduler drives this store.")
                notify("READY=1")
            if self._stop.is_set() or (self._attached and attached_count(self._directory) == 0):
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), STANDBY_SECONDS)
        # While we stood by the store may have been moved away.
        refuse_moved(self._store)
        self._loop.epoch = self._store.new_epoch()
        log.info("scheduler.driving", directory=self._directory, epoch=self._loop.epoch, pid=os.getpid())
        return True

    async def _drive(self, alarm: Alarm, *, until_idle: bool) -> bool:
        """Turn until stopped (True) or the right is lost (LostRight)."""
        token: int | None = None
        pause = 1.0
        self._beat()
        self._vitals.works()
        notify("READY=1")
        while not self._stop.is_set():
            try:
                moved = await self._loop.turn()
                self._upkeep()
                self._vitals.works()
                token = self._store.change_token()
                wake_at = self._next()
                if until_idle and not moved and wake_at is None and not self._loop.in_flight:
                    if not self._store.due_acts(datetime.max.replace(tzinfo=self._clock.now().tzinfo)):
                        return True
                if self._nobody_left():
                    log.info("scheduler.nobody_attached", seconds=ALONE_SECONDS)
                    return True
                alarm.hint(wake_at)
                pause = 1.0
                await self._rest(token, wake_at)
            except LostRight:
                raise
            except Exception as problem:
                if isinstance(problem, StoreUnavailable):
                    self._vitals.waits(problem.message, store_up=False)
                    log.error("scheduler.store_unavailable", problem=problem.message, again_in_s=pause)
                else:
                    self._vitals.waits(f"Its last turn failed: {described(problem)}")
                    log.exception("scheduler.turn_failed", again_in_s=pause)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)
                pause = min(pause * 2, 30.0)
        return True

    def _next(self) -> datetime | None:
        found = [self._store.next_wake(self._loop.busy_runs), self._loop.next_again()]
        return min((at for at in found if at is not None), default=None)

    async def _rest(self, token: int, wake_at: datetime | None) -> None:
        """Wait for outcomes, the alarm, changes by other processes, or the next beat."""
        now = self._clock.now()
        until = time.monotonic() + BEAT_SECONDS
        if self._ticked is not None:
            wake_at = min(wake_at, self._ticked) if wake_at else self._ticked
        if wake_at is not None:
            until = min(until, time.monotonic() + max(0.0, (wake_at - now).total_seconds()))
        self._wake.clear()
        while not self._stop.is_set() and not self._wake.is_set() and not self._loop.wait_progress.is_set():
            left = until - time.monotonic()
            if left <= 0 or self._store.change_token() != token:
                return
            stop = asyncio.ensure_future(self._stop.wait())
            rang = asyncio.ensure_future(self._wake.wait())
            came = asyncio.ensure_future(self._loop.wait_progress.wait())
            waits = (stop, rang, came)
            await asyncio.wait(waits, timeout=min(left, LOOK_SECONDS), return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()

    def _upkeep(self) -> None:
        """Questions, schedules, retention and the heartbeat, each when it is time."""
        contained("questions", self._look)
        contained("releases", lambda: self._releases.look(self._clock.now()))
        self._ticked = contained("schedules", self._schedules.look)
        if time.monotonic() - self._beat_at >= BEAT_SECONDS:
            self._beat()
            checkpoint: Any = getattr(self._store, "checkpoint", None)
            if checkpoint is not None and self._loop.wakes > self._wakes_before[0]:
                checkpoint()
        contained("sweep", self._sweep)
        if time.monotonic() - self._retired_at >= RETIRE_SECONDS or not self._retired_at:
            self._retired_at = time.monotonic()
            contained("damaged", self._loop.look_again)
            count = contained("retention", lambda: self._retention.remove(self._clock.now()))
            if count:
                log.info("retention.removed", runs=count)

    def _beat(self, *, stopped: bool = False) -> None:
        """Write the heartbeat: who drives, how late wakes are, how many a second."""
        now, moment = self._clock.now(), time.monotonic()
        before, at = self._wakes_before
        rate = (self._loop.wakes - before) / max(moment - at, 0.001)
        self._wakes_before = (self._loop.wakes, moment)
        late = sorted(self._loop.lateness)
        self._beat_at = moment
        self._rates.append(round(rate, 2))
        if self._meter is not None and self._meter.changed:
            self._store.put_meta("systems", self._meter.summary())
            self._store.put_meta("durations", self._meter.durations())
        self._store.put_meta(
            "scheduler",
            {
                "pid": os.getpid(),
                "host": os.uname().nodename,
                "started_at": self._started_at.isoformat(),
                "beat_at": now.isoformat(),
                "epoch": self._loop.epoch,
                "wakes": self._loop.wakes,
                "wakes_per_second": round(rate, 3),
                "rates": list(self._rates),
                "lateness_s": round(late[len(late) // 2], 4) if late else 0.0,
                "lateness_p99_s": round(late[int(len(late) * 0.99)], 4) if late else 0.0,
                "in_flight": self._loop.in_flight,
                "stuck_threads": sum(self._catalog.stuck_threads().values()),
                "attached": self._attached,
                "stopped": stopped,
            },
        )
        self._vitals.beat()
