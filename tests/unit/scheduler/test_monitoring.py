"""A monitor answers from beside: also when the event loop hangs and when the store cannot be read."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import StoreUnavailable
from runtime.scheduler.monitoring import monitor as monitoring
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.monitoring.liveness import TURN_SECONDS, Liveness
from runtime.scheduler.monitoring.monitor import Monitor
from runtime.scheduler.monitoring.store_gauges import StoreGauges
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import memory_store
from tests.scraping import ask, free_port


def monitor(liveness: Liveness, port: int, read: Any, stuck: Any = dict) -> Monitor:
    async def perform(*_: Any) -> Any:
        raise AssertionError("nothing is called here")

    clock = ManualClock()
    advancer = Advancer(lambda run: (None, None), clock)  # type: ignore[arg-type,return-value]
    loop = WakeLoop(memory_store(), advancer, Calls(perform, clock), clock)
    return Monitor(liveness, loop, CallMeter(perform), read=read, stuck=stuck, port=port)


def test_health_is_answered_while_the_event_loop_hangs() -> None:
    moment = [0.0]
    liveness = Liveness(lambda: moment[0])
    port = free_port()
    hangs, goes_on = threading.Event(), threading.Event()

    async def service() -> int:
        liveness.works()
        await asyncio.sleep(0)
        hangs.set()
        goes_on.wait(60)
        return 7

    codes: list[int] = []
    one = monitor(liveness, port, read=lambda: None)
    thread = threading.Thread(target=lambda: codes.append(one.run(service)))
    thread.start()
    try:
        assert hangs.wait(20)
        assert ask(port, "/healthz") == (200, "The event loop turns.\n")
        moment[0] += TURN_SECONDS + 5
        assert ask(port, "/healthz") == (503, "The event loop has not turned for 20 s.\n")
        assert ask(port, "/readyz")[0] == 503
        assert "forkjoin_ready 0.0" in ask(port, "/metrics")[1]
    finally:
        goes_on.set()
        thread.join(20)
    assert codes == [7]


def test_a_store_that_cannot_be_read_leaves_out_its_numbers_until_it_can() -> None:
    liveness = Liveness()
    port = free_port()
    asked = threading.Event()
    pages: list[str] = []

    def read() -> StoreGauges:
        asked.set()
        raise StoreUnavailable("The database is away.")

    async def service() -> int:
        liveness.works()
        liveness.beat()
        await asyncio.to_thread(asked.wait, 20)
        pages.append((await asyncio.to_thread(ask, port, "/metrics"))[1])
        return 0

    assert monitor(liveness, port, read).run(service) == 0
    assert "forkjoin_leader 1.0" in pages[0]
    assert "forkjoin_runs{" not in pages[0]


def test_a_pulse_that_fails_once_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "TICK_SECONDS", 0.0)
    liveness = Liveness()
    asked: list[int] = []

    def stuck() -> dict[str, int]:
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("dictionary changed size during iteration")
        return {"play": 3}

    async def service() -> int:
        while liveness.pulse.stuck_threads != 3:
            await asyncio.sleep(0)
            assert asyncio.all_tasks() != {asyncio.current_task()}, "nobody takes the pulse any more"
        return 0

    one = monitor(liveness, 0, read=lambda: None, stuck=stuck)
    assert one.run(service) == 0
