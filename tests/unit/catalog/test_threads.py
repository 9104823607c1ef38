"""The threads of one workflow: in time, stuck, and none left."""

from __future__ import annotations

import asyncio
import operator
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from runtime.catalog.threads import CallThreads, Overran
from runtime.errors import Unreachable

pytestmark = pytest.mark.anyio


async def until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


async def test_calls_run_beside_each_other_and_off_the_loop() -> None:
    threads = CallThreads("orders", 2)
    both_in = threading.Barrier(2, timeout=5)
    here = threading.get_ident()

    def call() -> int:
        both_in.wait()
        return threading.get_ident()

    first, second = await asyncio.gather(threads.run(call, 5), threads.run(call, 5))
    assert len({first, second, here}) == 3
    threads.close()


async def test_calls_beyond_the_number_of_threads_wait_their_turn() -> None:
    threads = CallThreads("orders", 2)
    calls = (threads.run(partial(operator.mul, n, 2), 5) for n in range(50))
    assert await asyncio.gather(*calls) == [n * 2 for n in range(50)]
    served = [t for t in threading.enumerate() if t.name == "tasks of orders"]
    assert len(served) <= 2
    assert all(t.daemon for t in served)
    threads.close()


async def test_a_stuck_thread_is_written_off_counted_and_comes_back() -> None:
    threads = CallThreads("orders", 2)
    release = threading.Event()
    with pytest.raises(Overran, match=r"workflow 'orders' did not come back within 0.02 s"):
        await threads.run(release.wait, 0.02)
    assert threads.stuck == 1
    assert await threads.run(lambda: "still served", 5) == "still served"
    release.set()
    await until(lambda: threads.stuck == 0)
    threads.close()


async def test_a_workflow_out_of_threads_is_refused_at_once_and_another_goes_on() -> None:
    stuck, other = CallThreads("orders", 1), CallThreads("mails", 1)
    release = threading.Event()
    waiting: list[asyncio.Task[object]] = []
    with pytest.raises(Overran):
        run = asyncio.create_task(stuck.run(release.wait, 0.05))
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(stuck.run(lambda: "never run", 5)))
        await run
    with pytest.raises(Unreachable, match="All 1 threads of workflow 'orders' are stuck"):
        await waiting[0]
    with pytest.raises(Unreachable, match="restart the scheduler"):
        await stuck.run(lambda: "never run", 5)
    assert await other.run(lambda: "fine", 5) == "fine"
    release.set()
    await until(lambda: stuck.stuck == 0)
    assert await stuck.run(lambda: "again", 5) == "again"
    stuck.close()
    other.close()


async def test_a_call_given_up_from_outside_counts_as_stuck_until_it_ends() -> None:
    threads = CallThreads("orders", 1)
    inside, release = threading.Event(), threading.Event()

    def call() -> None:
        inside.set()
        release.wait(5)

    run = asyncio.create_task(threads.run(call, 5))
    await until(inside.is_set)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert threads.stuck == 1
    release.set()
    await until(lambda: threads.stuck == 0)
    threads.close()


async def test_what_a_call_raises_arrives_and_its_thread_serves_on() -> None:
    threads = CallThreads("orders", 1)

    def broken() -> None:
        raise KeyError("user")

    def leaving() -> None:
        raise SystemExit(3)

    with pytest.raises(KeyError, match="user"):
        await threads.run(broken, 5)
    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        await threads.run(leaving, 5)
    assert await threads.run(lambda: "on", 5) == "on"
    threads.close()


async def test_closed_threads_end_and_take_no_more_calls() -> None:
    threads = CallThreads("short-lived", 2)
    await threads.run(lambda: None, 5)
    threads.close()
    await until(lambda: not [t for t in threading.enumerate() if t.name == "tasks of short-lived"])
    with pytest.raises(Unreachable, match="taken out of use"):
        await threads.run(lambda: None, 5)


async def test_results_come_back_together_and_one_timer_watches_all_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, loop = CallThreads("orders", 1), asyncio.get_running_loop()
    all_made, wakeups = threading.Event(), 0
    waking = loop.call_soon_threadsafe

    def count(*args: Any, **kwargs: Any) -> asyncio.Handle:
        nonlocal wakeups
        wakeups += 1
        return waking(*args, **kwargs)

    monkeypatch.setattr(loop, "call_soon_threadsafe", count)
    runs = [asyncio.create_task(threads.run(partial(operator.neg, n), 5)) for n in range(99)]
    runs.append(asyncio.create_task(threads.run(lambda: all_made.set() or -99, 5)))  # type: ignore[func-returns-value]
    await asyncio.sleep(0)  # all are asked for; the loop is then kept from taking any result
    assert all_made.wait(5)
    assert await asyncio.gather(*runs) == [-n for n in range(100)]
    assert wakeups <= 3  # the timer, the results, and the last one that came while they were taken
    threads.close()


async def test_a_call_of_a_short_time_is_given_up_beside_one_of_a_long_time() -> None:
    threads = CallThreads("orders", 2)
    release = threading.Event()
    long = asyncio.create_task(threads.run(lambda: release.wait(5), 5))
    await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(Overran, match=r"within 0.01 s"):
            await threads.run(lambda: release.wait(0.05), 0.01)
        await until(lambda: threads.stuck == 0)
    release.set()
    assert await long
    threads.close()


def test_threads_serve_one_event_loop_after_another() -> None:
    threads = CallThreads("orders", 1)
    assert [asyncio.run(threads.run(partial(operator.neg, n), 5)) for n in range(3)] == [0, -1, -2]
    threads.close()
