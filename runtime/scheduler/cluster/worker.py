"""One of many workers on a PostgreSQL store: takes due runs from the queue, shares duties, shows it is alive."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from runtime.catalog import Catalog
from runtime.errors import LostRight, Refused, StoreUnavailable
from runtime.logs import get_logger
from runtime.model.question import Question
from runtime.scheduler.cluster.leader_duties import Duties
from runtime.scheduler.cluster.leased_runs import RENEW_SECONDS, OfferedSource
from runtime.scheduler.cluster.lost_jobs import LostJobs
from runtime.scheduler.cluster.queue import Deferring, Queue
from runtime.scheduler.cluster.shared_limits import SharedLimits
from runtime.scheduler.cluster.shared_questions import SharedQuestions
from runtime.scheduler.cluster.store_clock import StoreClock
from runtime.scheduler.monitoring.call_meter import Meter
from runtime.scheduler.monitoring.liveness import Vitals
from runtime.scheduler.monitoring.systemd_notify import notify
from runtime.scheduler.single.attachment import LeftAlone
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings
from runtime.store.base import RunStore
from runtime.store.postgres.cluster import Cluster
from runtime.store.removed_work import Sweeping

log = get_logger(__name__)
BEAT_SECONDS = 1.5
OFFER_SECONDS = 0.2
OFFER_LEAST_SECONDS = 0.05
"""Runs that are due next bring the next offer forward, but never nearer than this."""
GATHER_SECONDS = 0.02
"""How long wakes and outcomes are gathered before they are moved together: fewer, larger saves."""
ENOUGH = 50
"""So many wakes need no gathering."""
DUTY_SECONDS = 5.0
DUTY = "duties"
DRAIN_SECONDS = 20.0
DEPTH_PER_WORKER = 200


class WorkerService:
    """Works on a store together with others until it is told to stop."""

    def __init__(
        self,
        store: RunStore,
        cluster: Cluster,
        loop: WakeLoop,
        source: OfferedSource,
        limits: SharedLimits,
        queue: Queue,
        clock: StoreClock,
        settings: Settings,
        directory: Path,
        *,
        catalog: Catalog,
        start_run: Callable[[str, str, datetime], None],
        look: Callable[[Sequence[Question]], None],
        meter: Meter,
        vitals: Vitals,
        reach: Sequence[str] | None = None,
        attached: bool = False,
    ) -> None:
        self._store, self._cluster, self._loop, self._source = store, cluster, loop, source
        self._limits, self._queue, self._clock = limits, queue, clock
        self._directory, self._catalog = directory, catalog
        self._look, self._meter, self._vitals, self._reach = look, meter, vitals, reach
        self._nobody_left = LeftAlone(directory, attached=attached)
        self._defer = Deferring()
        self._duties = Duties(store, cluster, catalog, clock, start_run, settings.retention_days, loop.look_again)
        self._sweep = Sweeping(store, catalog.systems)
        self._questions = SharedQuestions(store, cluster, reach)
        self._lost_jobs = LostJobs(cluster, queue, source)
        self._stop = asyncio.Event()
        self._joining = asyncio.Lock()
        self._started_at = clock.now()
        self._wakes_before = (0, time.monotonic())
        self._leads = False
        self._members = 1
        self._offered = 0
        self._renewed_at = time.monotonic()
        self._available = True

    async def run(self, *, until_idle: bool = False) -> int:
        """Work until a signal, or with `until_idle` until nothing is left to wake; gives the exit code."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._stop.set)
        running.add_signal_handler(signal.SIGHUP, self._catalog.reload)
        await asyncio.to_thread(self._join)
        self._vitals.works()
        tasks = [
            asyncio.ensure_future(work)
            for work in (
                self._queue.run(),
                self._again("worker.turn", self._turn, 0.0),
                self._again("worker.beat", self._beat, BEAT_SECONDS),
                self._again("worker.offer", self._offer, OFFER_SECONDS),
                # Who does not lead asks the store nothing here, so that this says nothing of whether it is back.
                self._again("worker.acts", self._carry_out, OFFER_SECONDS, tells=False),
                self._again("worker.lead", self._lead, BEAT_SECONDS, tells=False),
            )
        ]
        notify("READY=1")
        idle_looks = 0
        try:
            while not self._stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), 0.25)
                with suppress(StoreUnavailable):
                    idle_looks = idle_looks + 1 if until_idle and await asyncio.to_thread(self._idle) else 0
                if idle_looks > 2 or self._nobody_left():
                    break
            return 0
        finally:
            notify("STOPPING=1")
            self._vitals.waits("It is stopping.")
            await self._finish(tasks)
            log.info("worker.stopped", wakes=self._loop.wakes)

    def _join(self) -> None:
        host = os.uname().nodename
        self._clock.measure(self._store.now())
        self._cluster.join(f"{host}:{os.getpid()}", host, self._told())
        log.info("worker.working", number=self._cluster.number, directory=self._directory, pid=os.getpid())

    async def _again(self, name: str, work: Callable[[], Any], pause: float, *, tells: bool = True) -> None:
        """Do something again and again, sooner if it says so; when the store is away wait a little longer each time."""
        wait = 0.5
        while True:
            number = self._cluster.number
            try:
                sooner = await work()
                wait = 0.5
                if tells and not self._available:
                    self._available = True
                    self._vitals.works()
                    log.info("worker.store_back")
                    self._renewed_at = 0.0
                await asyncio.sleep(pause if sooner is None else sooner)
            except LostRight as problem:
                async with self._joining:
                    if number == self._cluster.number:  # Else another task has begun again already.
                        log.warning("worker.taken_out", problem=problem.message)
                        await self._begin_again()
            except StoreUnavailable as problem:
                if self._available:
                    log.error("worker.store_unavailable", problem=problem.message, during=name)
                self._available = False
                self._vitals.waits(problem.message, store_up=False)
                self._source.give_up(self._source.leased)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5.0)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("worker.failed", during=name)
                self._source.give_up(self._source.leased)
                self._renewed_at = 0.0
                await asyncio.sleep(1.0)

    async def _begin_again(self) -> None:
        """We were taken for dead: drop everything we held and come back under a new number."""
        self._loop.forget()
        self._source.give_up()
        self._limits.forget()
        try:
            await asyncio.to_thread(self._join)
        except Refused as problem:
            log.error("worker.refused", problem=problem.message)
            self._stop.set()
        except StoreUnavailable as problem:
            log.warning("worker.not_back", problem=problem.message)

    async def _turn(self) -> None:
        """Wait for runs from the queue, outcomes, or a busy run that is due for something else; then move them."""
        again = self._loop.next_again()
        limit = 1.0
        if again is not None:
            limit = min(limit, max(0.01, (again - self._clock.now()).total_seconds()))
        waits = [asyncio.ensure_future(e.wait()) for e in (self._source.came, self._loop.wait_progress)]
        await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        for waiting in waits:
            waiting.cancel()
        if self._source.waiting < ENOUGH:
            await asyncio.sleep(GATHER_SECONDS)
        await self._loop.turn(acts=False)

    async def _offer(self) -> float:
        """Offer due runs and answer questions; gives the seconds until the next offer."""
        depth = DEPTH_PER_WORKER * max(1, self._members)
        self._offered += await asyncio.to_thread(self._cluster.offer, self._defer, depth=depth, reach=self._reach)
        mine = await asyncio.to_thread(self._questions.ours, self._clock.now())
        if mine:
            self._look(mine)
        soon = await asyncio.to_thread(self._cluster.next_offer_seconds)
        return OFFER_SECONDS if soon is None else min(OFFER_SECONDS, max(OFFER_LEAST_SECONDS, soon))

    async def _carry_out(self) -> None:
        """Carry out acts, if we lead."""
        if self._leads:
            await self._loop.carry_out_acts()

    async def _lead(self) -> None:
        """Do the duties of one, if we lead; remove what removed runs left in files of this machine."""
        await asyncio.to_thread(contained, "sweep", self._sweep)
        if self._leads:
            await asyncio.to_thread(self._duties.carry_out)

    async def _beat(self) -> None:
        """Say that we are alive, renew what we hold, bury the dead, and see who leads."""
        await asyncio.to_thread(self._cluster.beat, self._told(), self._queue.number)
        self._clock.measure(await asyncio.to_thread(self._store.now))
        for name in await asyncio.to_thread(self._cluster.bury):
            log.warning("worker.buried", worker=name)
        await self._lost_jobs.end()
        if time.monotonic() - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = time.monotonic()
            await self._source.renew(self._loop.busy_runs)
            await self._limits.renew()
        members = await asyncio.to_thread(self._cluster.members)
        self._members = len(members)
        self._source.routed = any(m.beat.get("systems_reached") is not None for m in members)
        led = self._leads
        self._leads = await asyncio.to_thread(self._cluster.take_duty, DUTY, DUTY_SECONDS)
        if self._leads:
            if not led:
                log.info("worker.leads", number=self._cluster.number)
            await asyncio.to_thread(self._duties.tell, members)
        self._vitals.beat(leads=self._leads, workers=len(members))

    def _told(self) -> dict[str, Any]:
        """What this worker tells of itself with each heartbeat."""
        moment = time.monotonic()
        before, at = self._wakes_before
        self._wakes_before = (self._loop.wakes, moment)
        late = sorted(self._loop.lateness)
        return {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "started_at": self._started_at.isoformat(),
            "wakes": self._loop.wakes,
            "wakes_per_second": round((self._loop.wakes - before) / max(moment - at, 0.001), 3),
            "lateness_s": round(late[len(late) // 2], 4) if late else 0.0,
            "lateness_p99_s": round(late[int(len(late) * 0.99)], 4) if late else 0.0,
            "in_flight": self._loop.in_flight,
            "leased": len(self._source.leased),
            "stuck_threads": sum(self._catalog.stuck_threads().values()),
            "attached": self._nobody_left.attached,
            "leads": self._leads,
            "systems_reached": None if self._reach is None else list(self._reach),
            "systems": self._meter.summary(),
            "durations": self._meter.durations(),
        }

    def _idle(self) -> bool:
        nothing_due = self._store.next_wake() is None and not self._loop.in_flight and not self._source.leased
        end = datetime.max.replace(tzinfo=self._clock.now().tzinfo)
        return nothing_due and not self._store.due_acts(end)

    async def _finish(self, tasks: Sequence[asyncio.Future[None]]) -> None:
        """Take no more, finish what is being performed, give back the rest."""
        self._queue.stop()
        taking, turning, beating, *others = tasks
        for task in others:
            task.cancel()
        with suppress(Exception):
            await asyncio.wait([taking], timeout=2.0)
        turning.cancel()
        await asyncio.gather(turning, *others, return_exceptions=True)
        self._source.give_up(self._source.leased)
        with suppress(StoreUnavailable):
            await self._loop.drain(DRAIN_SECONDS)
        waiting = self._source.in_hand
        self._source.give_up()
        with suppress(Exception):
            await asyncio.wait([taking], timeout=3.0)
        for task in (taking, beating):
            task.cancel()
        await asyncio.gather(taking, beating, return_exceptions=True)
        with suppress(StoreUnavailable):
            await asyncio.to_thread(self._leave, [*waiting, *self._queue.given_back])

    def _leave(self, offered: Sequence[str]) -> None:
        """Be gone; the last one says that nobody is left."""
        self._cluster.leave(offered)
        if not self._cluster.members():
            told = self._store.meta("scheduler") or {}
            self._store.put_meta("scheduler", {**told, "workers": [], "stopped": True})
