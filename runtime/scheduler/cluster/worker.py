"""One of many workers on a PostgreSQL store: takes due runs from the queue, shares duties, shows that it is alive."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from runtime.catalog.catalog import Catalog
from runtime.errors import LostRight, Refused, StoreUnavailable
from runtime.logs import get_logger
from runtime.scheduler.cluster.holdings import Holdings
from runtime.scheduler.cluster.membership import Membership
from runtime.scheduler.cluster.offers import OFFER_SECONDS, Offers
from runtime.scheduler.cluster.worker_duties import WorkerDuties
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.systemd_notify import notify
from runtime.scheduler.waking.wake_loop import WakeLoop

log = get_logger(__name__)
BEAT_SECONDS = 1.5
GATHER_SECONDS = 0.02
"""How long wakes and results are gathered before they are moved together: fewer, larger saves."""
ENOUGH = 50
"""So many wakes need no gathering."""
TURN_SECONDS = 1.0
LOOK_SECONDS = 0.25
IDLE_LOOKS = 2
"""A worker that ends when it is idle has seen nothing to do more often than this, one look after the other."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0
FAILED_SECONDS = 1.0


class Clients(Protocol):
    """The clients a worker serves, if it serves some in particular."""

    def all_gone(self) -> bool:
        """Whether the last one is gone for good."""
        ...


class WorkerService:
    """Works on a store together with others until it is told to stop."""

    def __init__(
        self,
        membership: Membership,
        holdings: Holdings,
        loop: WakeLoop,
        offers: Offers,
        duties: WorkerDuties,
        clients: Clients,
        liveness: Liveness,
        catalog: Catalog,
    ) -> None:
        self._membership = membership
        self._holdings = holdings
        self._loop = loop
        self._offers = offers
        self._duties = duties
        self._clients = clients
        self._liveness = liveness
        self._catalog = catalog
        self._stop = asyncio.Event()
        self._joining = asyncio.Lock()
        self._available = True
        """The store answered when it was asked last."""

    async def run(self, *, until_idle: bool = False) -> int:
        """Work until a signal, or with `until_idle` until nothing is left to wake; returns the exit code."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._stop.set)
        running.add_signal_handler(signal.SIGHUP, self._catalog.reload)
        await asyncio.to_thread(self._join)
        self._liveness.works()
        taking = asyncio.ensure_future(self._holdings.queue.run())
        turning = asyncio.ensure_future(self._repeat("worker.turn", self._turn, 0.0))
        beating = asyncio.ensure_future(self._repeat("worker.beat", self._beat, BEAT_SECONDS))
        others = [
            asyncio.ensure_future(self._repeat("worker.offer", self._offer, OFFER_SECONDS)),
            # A worker that does not lead asks the store nothing in these: their end says nothing of the store.
            asyncio.ensure_future(self._repeat("worker.acts", self._carry_out_acts, OFFER_SECONDS, asks_store=False)),
            asyncio.ensure_future(self._repeat("worker.lead", self._carry_out_duties, BEAT_SECONDS, asks_store=False)),
        ]
        notify("READY=1")
        try:
            await self._until_over(until_idle=until_idle)
            return 0
        finally:
            notify("STOPPING=1")
            self._liveness.waits("It is stopping.")
            await self._finish(taking, turning, beating, others)
            log.info("worker.stopped", wakes=self._loop.counters.wakes)

    async def _until_over(self, *, until_idle: bool) -> None:
        idle_looks = 0
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), LOOK_SECONDS)
            with suppress(StoreUnavailable):
                idle_looks = idle_looks + 1 if until_idle and await asyncio.to_thread(self._is_idle) else 0
            if idle_looks > IDLE_LOOKS or self._clients.all_gone():
                return

    def _is_idle(self) -> bool:
        return not self._loop.in_flight and not self._holdings.runs.leased and self._offers.exhausted()

    def _join(self) -> None:
        self._membership.join()
        log.info(
            "worker.working", number=self._membership.number, directory=self._membership.directory, pid=os.getpid()
        )

    async def _repeat(
        self, name: str, work: Callable[[], Awaitable[float | None]], pause: float, *, asks_store: bool = True
    ) -> None:
        """Do some work again and again, after `pause` seconds or as many as it returns.

        When the store is away it waits a little longer each time. With `asks_store` an end without an error shows
        that the store is back.
        """
        wait = FIRST_WAIT_SECONDS
        while True:
            number = self._membership.number
            try:
                sooner = await work()
                wait = FIRST_WAIT_SECONDS
                if asks_store and not self._available:
                    self._available = True
                    self._liveness.works()
                    log.info("worker.store_back")
                    self._holdings.renew_soon()
                await asyncio.sleep(pause if sooner is None else sooner)
            except LostRight as problem:
                async with self._joining:
                    if number == self._membership.number:  # Else another task has joined again already.
                        log.warning("worker.taken_out", problem=problem.message)
                        await self._join_again()
            except StoreUnavailable as problem:
                if self._available:
                    log.error("worker.store_unavailable", problem=problem.message, during=name)
                self._available = False
                self._liveness.waits(problem.message, store_up=False)
                self._holdings.end_jobs_of_leased_runs()
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("worker.failed", during=name)
                self._holdings.end_jobs_of_leased_runs()
                self._holdings.renew_soon()
                await asyncio.sleep(FAILED_SECONDS)

    async def _join_again(self) -> None:
        """This worker was evicted: drop everything it held and join under a new number."""
        self._loop.forget()
        self._holdings.drop()
        try:
            await asyncio.to_thread(self._join)
        except Refused as problem:
            log.error("worker.refused", problem=problem.message)
            self._stop.set()
        except StoreUnavailable as problem:
            log.warning("worker.not_back", problem=problem.message)

    async def _turn(self) -> None:
        """Wait for runs from the queue, results, or a busy run that is due for something else; then move them."""
        limit = TURN_SECONDS
        wake_at = self._loop.next_wake()
        if wake_at is not None:
            limit = min(limit, max(0.01, self._membership.seconds_until(wake_at)))
        events = (self._holdings.runs.came, self._loop.calls.result_arrived)
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        for waiting in waits:
            waiting.cancel()
        if self._holdings.runs.waiting < ENOUGH:
            await asyncio.sleep(GATHER_SECONDS)
        await self._loop.turn()

    async def _offer(self) -> float:
        """Offer due runs and answer questions; returns the seconds until the next offer."""
        await asyncio.to_thread(self._offers.offer, self._membership.workers)
        await self._duties.answer_questions()
        return await asyncio.to_thread(self._offers.seconds_to_next)

    async def _carry_out_acts(self) -> None:
        await self._duties.carry_out_acts(leads=self._membership.leads)

    async def _carry_out_duties(self) -> None:
        await self._duties.carry_out(leads=self._membership.leads)

    async def _beat(self) -> None:
        """Show that this worker is alive, evict silent ones, renew what it holds, and see who leads."""
        member = self._membership
        await asyncio.to_thread(member.beat, self._holdings.queue.number)
        for name in await asyncio.to_thread(member.evict_silent):
            log.warning("worker.buried", worker=name)
        await self._holdings.renew(self._loop.busy_runs)
        members = await asyncio.to_thread(member.members)
        self._holdings.runs.routed = any(m.report.systems_reached is not None for m in members)
        if await asyncio.to_thread(member.elect, members):
            log.info("worker.leads", number=member.number)
        if member.leads:
            await asyncio.to_thread(member.publish, members)
        self._liveness.beat(leads=member.leads, workers=member.workers)

    async def _finish(
        self,
        taking: asyncio.Future[None],
        turning: asyncio.Future[None],
        beating: asyncio.Future[None],
        others: Sequence[asyncio.Future[None]],
    ) -> None:
        """Take no more jobs, finish the calls under way, give back the rest."""
        queue, runs = self._holdings.queue, self._holdings.runs
        queue.stop()
        for task in others:
            task.cancel()
        with suppress(Exception):
            await asyncio.wait([taking], timeout=2.0)
        turning.cancel()
        await asyncio.gather(turning, *others, return_exceptions=True)
        self._holdings.end_jobs_of_leased_runs()
        with suppress(StoreUnavailable):
            await self._loop.drain()
        not_begun = runs.in_hand
        runs.end_jobs()
        with suppress(Exception):
            await asyncio.wait([taking], timeout=3.0)
        for task in (taking, beating):
            task.cancel()
        await asyncio.gather(taking, beating, return_exceptions=True)
        with suppress(StoreUnavailable):
            await asyncio.to_thread(self._membership.leave, [*not_begun, *queue.given_back])
