"""Runs beside a scheduler or worker: reports to systemd that it is alive, and serves health and metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

from runtime.errors import StoreUnavailable
from runtime.logs import get_logger
from runtime.safe_text import clean
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.http_pages import ADDRESS, Answer, serve
from runtime.scheduler.monitoring.liveness import Condition, Liveness, Pulse
from runtime.scheduler.monitoring.store_gauges import StoreGauges
from runtime.scheduler.monitoring.systemd_notify import notify, watchdog_seconds
from runtime.scheduler.waking.wake_loop import WakeLoop

log = get_logger(__name__)
TICK_SECONDS = 1.0
GAUGES_SECONDS = 5.0
REST_PER_READING = 20.0
"""So many times as long as a reading of the store took nothing is read after it."""


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
        """Make it.

        Args:
            liveness: What the service reports of itself.
            loop: Counts wakes.
            meter: Sees every call.
            read: Reads the gauges of the whole store; asked for while the service leads, if there is a port.
            stuck: Number of threads in task code that never came back, by workflow.
            leased: Number of runs the service holds.
            store: The kind of the store, a label of the metrics.
            port: Of this machine; 0 for none.
        """
        self._liveness = liveness
        self._loop = loop
        self._meter = meter
        self._read = read
        self._stuck = stuck
        self._leased = leased
        self._store = store
        self._port = port
        self._gauges: StoreGauges | None = None

    def run(self, work: Callable[[], Coroutine[object, None, int]]) -> int:
        """Run the service to its end; returns its exit code. Raises ForkjoinError if the port cannot be had."""
        with self._served():
            return asyncio.run(self._beside(work()))

    @contextmanager
    def _served(self) -> Iterator[None]:
        if not self._port:
            yield
            return
        from runtime.scheduler.monitoring.metrics import Metrics

        metrics = Metrics(self._liveness, lambda: self._gauges, self._store)
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

    async def _beside(self, work: Coroutine[object, None, int]) -> int:
        beside = [asyncio.ensure_future(self._tick())]
        if self._port:
            beside.append(asyncio.ensure_future(self._gather()))
        try:
            return await work
        finally:
            for task in beside:
                task.cancel()

    async def _tick(self) -> None:
        interval = watchdog_seconds()
        while True:
            try:
                self._liveness.turned(self._pulse())
            except Exception:
                log.exception("monitoring.failed")
            # Not with the heartbeat: a store that is away for long is waited for, and no reason to be killed.
            if interval and self._liveness.health().good:
                notify("WATCHDOG=1")
            await asyncio.sleep(min(TICK_SECONDS, interval or TICK_SECONDS))

    def _pulse(self) -> Pulse:
        counters = self._loop.counters
        stuck = sum(self._stuck().values())
        return Pulse(counters.wakes, counters.saves, counters.conflicts, self._loop.in_flight, self._leased(), stuck)

    async def _gather(self) -> None:
        while True:
            pause = TICK_SECONDS
            if self._liveness.ready and self._liveness.leads:
                began = time.monotonic()
                self._gauges = await self._read_gauges()
                pause = max(GAUGES_SECONDS, REST_PER_READING * (time.monotonic() - began))
            else:
                self._gauges = None
            await asyncio.sleep(pause)

    async def _read_gauges(self) -> StoreGauges | None:
        try:
            return await asyncio.to_thread(self._read)
        except StoreUnavailable:
            # The service itself meets this too, and logs it.
            return None
        except Exception:
            log.exception("monitoring.failed")
            return None


def _sentence(condition: Condition) -> Answer:
    return Answer(f"{clean(condition.sentence, 2_000)}\n".encode(), 200 if condition.good else 503)


def _exposition(page: tuple[bytes, str]) -> Answer:
    body, content_type = page
    return Answer(body, content_type=content_type)
