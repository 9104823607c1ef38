"""The scheduler as a process: takes the right to drive, wakes runs, shows that it is alive, stops gracefully."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from runtime.catalog.catalog import Catalog
from runtime.errors import LostRight, StoreUnavailable
from runtime.logs import get_logger
from runtime.safe_text import described
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.systemd_notify import notify
from runtime.scheduler.single.attachment import ALONE_SECONDS, AttachedClients
from runtime.scheduler.single.beats import Beats
from runtime.scheduler.single.driving_lock import DrivingLock
from runtime.scheduler.single.rest import Rest
from runtime.scheduler.single.upkeep import Upkeep
from runtime.scheduler.upkeep.moved_store import refuse_moved
from runtime.scheduler.upkeep.stored_acts import acts_are_stored
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.ports.store import Store

log = get_logger(__name__)
STANDBY_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a turn came to."""

    last: bool
    """The service is to end."""
    token: int
    """The change token of the store after it."""
    next_due: datetime | None
    """When the next run is due."""


class SchedulerService:
    """Drives one store until it is told to stop."""

    def __init__(
        self,
        store: Store,
        loop: WakeLoop,
        rest: Rest,
        upkeep: Upkeep,
        lock: DrivingLock,
        clients: AttachedClients,
        liveness: Liveness,
        catalog: Catalog,
    ) -> None:
        self._store = store
        self._loop = loop
        self._rest = rest
        self._upkeep = upkeep
        self._beats = Beats(upkeep.beats())
        self._lock = lock
        self._clients = clients
        self._liveness = liveness
        self._catalog = catalog

    async def run(self, *, until_idle: bool = False) -> int:
        """Drive until a signal, or with `until_idle` until nothing is left to wake; returns the exit code."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._rest.stop.set)
        running.add_signal_handler(signal.SIGHUP, self._reload)
        self._rest.begin()
        try:
            while not self._rest.stop.is_set():
                if not await self._stand_by():
                    break
                try:
                    if await self._drive(until_idle=until_idle):
                        break
                except LostRight as problem:
                    log.warning("scheduler.lost_right", problem=problem.message)
                    self._lock.release()
            return 0
        finally:
            notify("STOPPING=1")
            self._liveness.waits("It is stopping.")
            self._rest.end()
            with suppress(StoreUnavailable):
                await self._loop.drain()
                self._upkeep.heartbeat.write(stopped=True)
            self._lock.release()
            log.info("scheduler.stopped", wakes=self._loop.counters.wakes)

    def _reload(self) -> None:
        self._catalog.reload()
        log.info("scheduler.reloaded", workflows=len(self._catalog.known()))

    async def _stand_by(self) -> bool:
        """Wait for the right to drive; False if it was stopped, or its last client left, while it waited."""
        announced = False
        while not self._lock.acquire():
            if not announced:
                log.info("scheduler.standing_by", directory=self._lock.directory)
                announced = True
                self._liveness.waits("It stands by: another scheduler drives this store.")
                notify("READY=1")
            if self._rest.stop.is_set() or not self._clients.any():
                return False
            await self._pause(STANDBY_SECONDS)
        # While this process stood by the store may have been moved away.
        refuse_moved(self._store.facts)
        self._loop.epoch = self._store.facts.new_epoch()
        self._upkeep.begin()
        log.info("scheduler.driving", directory=self._lock.directory, epoch=self._loop.epoch, pid=os.getpid())
        return True

    async def _drive(self, *, until_idle: bool) -> bool:
        """Turn until the service is to end (True); raises LostRight if another process drives the store now."""
        self._upkeep.on_acts = self._rest.rouse
        self._upkeep.heartbeat.write()
        self._liveness.works()
        notify("READY=1")
        async with self._beats.beating():
            return await self._turn_until_over(until_idle=until_idle)

    async def _turn_until_over(self, *, until_idle: bool) -> bool:
        pause = FIRST_PAUSE_SECONDS
        while not self._rest.stop.is_set():
            try:
                self._beats.check()
                turn = await self._turn(until_idle=until_idle)
                if turn.last:
                    return True
                pause = FIRST_PAUSE_SECONDS
                if not self._loop.is_behind:
                    await self._rest.until(turn.next_due, turn.token)
            except LostRight:
                raise
            except Exception as problem:
                self._report(problem, pause)
                await self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return True

    async def _turn(self, *, until_idle: bool) -> _Turn:
        """Move what is due; with `until_idle` the turn after which nothing is left is the last."""
        moved = await self._loop.turn()
        self._liveness.works()
        if self._loop.is_behind:
            return _Turn(self._is_alone(), 0, None)
        token, wake_at = await asyncio.to_thread(self._look)
        last = self._is_alone()
        if until_idle and not moved and self._is_idle(wake_at):
            await self._beats.once()
            last = not await self._loop.turn() and self._is_idle((await asyncio.to_thread(self._look))[1])
            last = last and not await asyncio.to_thread(acts_are_stored, self._store.acts)
        if not last:
            self._rest.hint(wake_at)
        return _Turn(last, token, wake_at)

    def _look(self) -> tuple[int, datetime | None]:
        """The change token of the store, and when the next run is due."""
        token = self._store.changes.token()
        if self._loop.is_full:
            return token, self._loop.next_wake()
        return token, _earlier(self._store.due_runs.next_wake(self._loop.busy_runs), self._loop.next_wake())

    def _is_idle(self, wake_at: datetime | None) -> bool:
        return wake_at is None and not self._loop.in_flight

    def _is_alone(self) -> bool:
        alone = self._clients.all_gone()
        if alone:
            log.info("scheduler.nobody_attached", seconds=ALONE_SECONDS)
        return alone

    def _report(self, problem: Exception, pause: float) -> None:
        if isinstance(problem, StoreUnavailable):
            self._liveness.waits(problem.message, store_up=False)
            log.error("scheduler.store_unavailable", problem=problem.message, again_in_s=pause)
        else:
            self._liveness.waits(f"Its last turn failed: {described(problem)}")
            log.exception("scheduler.turn_failed", again_in_s=pause)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rest.stop.wait(), seconds)


def _earlier(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)
