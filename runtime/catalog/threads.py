"""Threads of one workflow, on which all of its own code runs.

`ThreadPoolExecutor` is not used: it waits for its threads when the program ends, so one stuck call of one
author would keep the scheduler from stopping.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from runtime.catalog.returning import Returning, Waited
from runtime.errors import Unreachable
from runtime.safe_text import described

T = TypeVar("T")


class Overran(Unreachable):
    """A call that did not come back within its time; it may still be at work."""


@dataclass(frozen=True, slots=True)
class _Ended(Generic[T]):
    """The end of a call: its value, or what it raised."""

    value: T | None = None
    error: BaseException | None = None


@dataclass(eq=False, slots=True)
class _Work(Generic[T]):
    """One call on its way through the threads."""

    call: Callable[[], T]
    seconds: float
    returning: Returning
    future: asyncio.Future[_Ended[T] | None] = field(init=False)
    """Settled with the end of the call, or None if no thread was left to begin it."""
    ended: _Ended[T] | None = None
    taken: bool = False
    finished: bool = False
    dropped: bool = False
    """Nobody waits for it any more."""

    def __post_init__(self) -> None:
        self.future = self.returning.loop.create_future()

    def run(self) -> _Ended[T]:
        """Make the call; whatever it raises is part of the answer."""
        try:
            return _Ended(self.call())
        except BaseException as error:  # a task that calls sys.exit must not end the thread unseen
            return _Ended(error=error)


class CallThreads:
    """At most `size` daemon threads, made as they are needed.

    A call that overruns its time costs its thread until it comes back: the thread is written off and counted
    in `stuck`. With no thread left, calls are refused at once, those that wait too.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._queue: queue.SimpleQueue[_Work[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: dict[_Work[Any], None] = {}
        self._returning: Returning | None = None
        self._threads = 0
        self._idle = 0
        self._stuck = 0
        self._closed = False

    @property
    def stuck(self) -> int:
        """Number of threads written off at this moment."""
        return self._stuck

    async def run(self, call: Callable[[], T], seconds: float) -> T:
        """Make a plain call on a thread and return its value.

        The time counts from when a thread begins the call.

        Raises:
            Unreachable: No thread is left, or the threads were closed.
            Overran: The call took longer than `seconds`.
            Exception: Whatever the call raised; `SystemExit` and the like come as RuntimeError.
        """
        loop = asyncio.get_running_loop()
        returning = self._returning
        if returning is None or returning.loop is not loop:
            returning = self._returning = Returning(loop, self._write_off)
        work: _Work[T] = _Work(call, seconds, returning)
        self._submit(work)
        try:
            ended = await work.future
        finally:
            if not work.finished:
                self._stop_waiting(work)
        if ended is None:
            raise self._none_left()
        if ended.error is None:
            return cast(T, ended.value)
        if isinstance(ended.error, Exception):
            raise ended.error
        raise RuntimeError(f"Task code raised {described(ended.error)}") from ended.error

    def close(self) -> None:
        """Let every thread end after its present call; calls that still wait are refused."""
        with self._lock:
            self._closed = True
            self._refuse_waiting()
            for _ in range(self._threads):
                self._queue.put(None)

    def _submit(self, work: _Work[Any]) -> None:
        with self._lock:
            if self._closed or self._stuck >= self.size:
                raise self._none_left()
            self._waiting[work] = None
            if len(self._waiting) > self._idle and self._threads < self.size:
                self._threads += 1
                self._idle += 1
                threading.Thread(target=self._serve, name=f"tasks of {self.name}", daemon=True).start()
        self._queue.put(work)

    def _write_off(self, work: Waited) -> None:
        """A call overran; it counts as stuck until it comes back, unless it did so just now."""
        assert isinstance(work, _Work)
        if self._stop_waiting(work) and not work.future.done():
            error = Overran(f"Code of workflow '{self.name}' did not come back within {work.seconds:g} s.")
            work.future.set_exception(error)

    def _stop_waiting(self, work: _Work[Any]) -> bool:
        """Stop waiting for a call; returns whether it is still at work, which writes its thread off."""
        with self._lock:
            at_work = work.taken and not work.finished
            if at_work and not work.dropped:
                self._stuck += 1
                if self._stuck >= self.size:
                    self._refuse_waiting()
            work.dropped = True
            self._waiting.pop(work, None)
        return at_work

    def _refuse_waiting(self) -> None:
        for work in self._waiting:
            work.returning.ended_together((work,))
        self._waiting.clear()

    def _serve(self) -> None:
        while (work := self._queue.get()) is not None:
            with self._lock:
                if work not in self._waiting:
                    continue
                del self._waiting[work]
                work.taken = True
                self._idle -= 1
            work.returning.began(work)
            ended = work.run()
            with self._lock:
                work.ended = ended
                work.finished = True
                self._idle += 1
                if work.dropped:
                    self._stuck -= 1
            work.returning.ended(work)
            del work, ended  # what an author's call gave must not live on in a thread that waits

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
