"""Stands beside a scheduler or worker: tells systemd that it lives, and shows programs here how it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from runtime.errors import StoreUnavailable
from runtime.logs import get_logger
from runtime.safe_text import clean
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.http_pages import ADDRESS, Answer, serve
from runtime.scheduler.monitoring.liveness import Liveness, Pulse
from runtime.scheduler.monitoring.store_gauges import StoreGauges
from runtime.scheduler.monitoring.systemd_notify import notify, watchdog_seconds
from runtime.scheduler.waking.wake_loop import WakeLoop

log = get_logger(__name__)
TICK_SECONDS = 1.0
FACTS_SECONDS = 5.0
REST_PER_READING = 20.0
"""Reading the store takes at most so small a part of the time: a twentieth."""


class Monitor:
    """Takes the pulse once a second; with a port it also serves /healthz, /readyz and /metrics."""

    def __init__(
        self,
        liveness: Liveness,
        loop: WakeLoop,
        meter: CallMeter,
        *,
        read: Callable[[], StoreGauges],
        stuck: Callable[[], dict[str, int]],
        leased: Callable[[], int] = lambda: 0,
        store: str = "embedded",
        port: int = 0,
    ) -> None:
        self._liveness, self._loop, self._meter = liveness, loop, meter
        self._read, self._stuck, self._leased = read, stuck, leased
        self._store, self._port = store, port
        self._facts: StoreGauges | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, int]]) -> int:
        """Run the service to its end; gives its exit code. Raises ForkjoinError if the port cannot be had."""
        with self._shown():
            return asyncio.run(self._beside(work()))

    @contextmanager
    def _shown(self) -> Iterator[None]:
        if not self._port:
            yield
            return
        from runtime.scheduler.monitoring.metrics import Metrics

        metrics = Metrics(self._liveness, lambda: self._facts, self._store)
        self._meter.on_call = metrics.called
        self._loop.counters.on_late = metrics.late
        pages = {
            "/healthz": lambda _: _sentence(self._liveness.health()),
            "/readyz": lambda _: _sentence(self._liveness.readiness()),
            "/metrics": lambda accept: _exposition(metrics.page(accept)),
        }
        with serve(self._port, pages):
            log.info("monitoring.serving", address=f"http://{ADDRESS}:{self._port}/metrics")
            yield

    async def _beside(self, work: Coroutine[Any, Any, int]) -> int:
        beside = [asyncio.ensure_future(self._tick())]
        if self._port:
            beside.append(asyncio.ensure_future(self._gather()))
        try:
            return await work
        finally:
            for task in beside:
                task.cancel()

    async def _tick(self) -> None:
        asked = watchdog_seconds()
        while True:
            try:
                self._liveness.turned(self._pulse())
            except Exception:
                log.exception("monitoring.failed")
            # Not with the heartbeat: a store that is away for long is waited for, and no reason to be killed.
            if asked and self._liveness.health()[0]:
                notify("WATCHDOG=1")
            await asyncio.sleep(min(TICK_SECONDS, asked or TICK_SECONDS))

    def _pulse(self) -> Pulse:
        counters = self._loop.counters
        stuck = sum(self._stuck().values())
        return Pulse(counters.wakes, counters.saves, counters.conflicts, self._loop.in_flight, self._leased(), stuck)

    async def _gather(self) -> None:
        while True:
            pause = TICK_SECONDS
            if self._liveness.ready and self._liveness.leads:
                began = time.monotonic()
                self._facts = await self._read_facts()
                pause = max(FACTS_SECONDS, REST_PER_READING * (time.monotonic() - began))
            else:
                self._facts = None
            await asyncio.sleep(pause)

    async def _read_facts(self) -> StoreGauges | None:
        try:
            return await asyncio.to_thread(self._read)
        except StoreUnavailable:
            # The service itself meets this too, and tells.
            return None
        except Exception:
            log.exception("monitoring.failed")
            return None


def _sentence(told: tuple[bool, str]) -> Answer:
    well, text = told
    return Answer(f"{clean(text, 2_000)}\n".encode(), 200 if well else 503)


def _exposition(page: tuple[bytes, str]) -> Answer:
    body, content_type = page
    return Answer(body, content_type=content_type)
