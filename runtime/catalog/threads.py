"""Threads of one workflow, on which all of its own code runs.

`ThreadPoolExecutor` is not used: it waits for its threads when the program ends, so one stuck call of one
author would keep the scheduler from stopping.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.errors import Unreachable
from runtime.safe_text import described


class Overran(Unreachable):
    """A call that did not come back within its time; it may still be at work."""


@dataclass(eq=False, slots=True)
class _Work:
    """One call on its way through the threads."""

    call: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    begun: asyncio.Future[None]
    """Set when a thread takes the call up, or no thread is left to do so."""
    ended: asyncio.Future[tuple[Any, BaseException | None]]
    taken: bool = False
    finished: bool = False
    dropped: bool = False
    """Nobody waits for it any more."""

    def tell(self, future: asyncio.Future[Any], value: Any) -> None:
        """Settle a future of the waiting loop, if there is still somebody waiting."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(lambda: None if future.done() else future.set_result(value))


class CallThreads:
    """At most `size` daemon threads, made as they are needed.

    A call that overruns its time costs its thread until it comes back: the thread is written off and counted
    in `stuck`. With no thread left, calls are refused at once and those waiting are given back.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: dict[_Work, None] = {}
        self._threads = 0
        self._idle = 0
        self._stuck = 0
        self._closed = False

    @property
    def stuck(self) -> int:
        """Threads written off at this moment."""
        return self._stuck

    async def run(self, call: Callable[[], Any], seconds: float) -> Any:
        """Run a plain call on a thread and give its value.

        The time counts from when a thread takes the call up.

        Raises:
            Unreachable: No thread is left, or the threads were closed.
            Overran: The call took longer than `seconds`.
            Exception: Whatever the call raised; `SystemExit` and the like come as RuntimeError.
        """
        loop = asyncio.get_running_loop()
        work = _Work(call, loop, loop.create_future(), loop.create_future())
        self._submit(work)
        try:
            await work.begun
            if not work.taken:
                raise self._none_left()
            await asyncio.wait({work.ended}, timeout=seconds)
        finally:
            overran = self._let_go(work)
        if overran:
            raise Overran(f"Code of workflow '{self.name}' did not come back within {seconds:g} s.")
        value, error = await work.ended
        if error is None:
            return value
        if isinstance(error, Exception):
            raise error
        raise RuntimeError(f"Task code raised {described(error)}") from error

    def close(self) -> None:
        """Let every thread end after its present call; calls still waiting are given back."""
        with self._lock:
            self._closed = True
            self._give_back()
            for _ in range(self._threads):
                self._queue.put(None)

    def _submit(self, work: _Work) -> None:
        with self._lock:
            if self._closed or self._stuck >= self.size:
                raise self._none_left()
            self._waiting[work] = None
            if len(self._waiting) > self._idle and self._threads < self.size:
                self._threads += 1
                self._idle += 1
                threading.Thread(target=self._serve, name=f"tasks of {self.name}", daemon=True).start()
            self._queue.put(work)

    def _let_go(self, work: _Work) -> bool:
        """Stop waiting; whether the call is still at work, which writes its thread off."""
        with self._lock:
            work.dropped = True
            self._waiting.pop(work, None)
            at_work = work.taken and not work.finished
            if at_work:
                self._stuck += 1
                if self._stuck >= self.size:
                    self._give_back()
        return at_work

    def _give_back(self) -> None:
        for work in self._waiting:
            work.tell(work.begun, None)
        self._waiting.clear()

    def _serve(self) -> None:
        while (work := self._queue.get()) is not None:
            with self._lock:
                if work not in self._waiting:
                    continue
                del self._waiting[work]
                work.taken = True
                self._idle -= 1
            work.tell(work.begun, None)
            value: Any = None
            error: BaseException | None = None
            try:
                value = work.call()
            except BaseException as raised:  # a task that calls sys.exit must not end the thread unseen
                error = raised
            with self._lock:
                work.finished = True
                self._idle += 1
                if work.dropped:
                    self._stuck -= 1
            work.tell(work.ended, (value, error))

    def _none_left(self) -> Unreachable:
        if self._closed:
            return Unreachable(
                f"The code of workflow '{self.name}' was taken out of use; the call is tried again.", sent=False
            )
        return Unreachable(
            f"All {self.size} threads of workflow '{self.name}' are stuck in calls that never came back; "
            "correct its tasks.py and reload the workflows (SIGHUP), or restart the scheduler.",
            sent=False,
        )
