"""What calls on threads come to, on its way back to the event loop that waits for it: in groups, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol


class Waited(Protocol):
    """A call that an event loop waits for."""

    @property
    def future(self) -> asyncio.Future[Any]:
        """Settled on the event loop with what the call came to."""
        ...

    @property
    def ended(self) -> object:
        """What the call came to."""
        ...

    @property
    def seconds(self) -> float:
        """How long it may take once a thread began it."""
        ...


class Returning:
    """Takes what threads have done back to one event loop.

    A thread that ends a call wakes the loop only if no wakeup is under way, so that many results cost one. One timer
    watches all calls at work: the loop is told of the beginning of a call only where its time ends before the timer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, overran: Callable[[Waited], None]) -> None:
        """`overran` is called on the loop with a call whose time is over."""
        self.loop = loop
        self._overran = overran
        self._ended: deque[Waited] = deque()
        self._waking = False
        self._lock = threading.Lock()
        self._at_work: dict[Waited, float] = {}
        """Monotonic moment at which the time of each call is over."""
        self._watch_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def began(self, work: Waited) -> None:
        """A thread begins a call; its time counts from now."""
        over_at = time.monotonic() + work.seconds
        with self._lock:
            self._at_work[work] = over_at
            earlier = self._watch_at is None or over_at < self._watch_at
            if earlier:
                self._watch_at = over_at
        if earlier:
            self._tell(self._set_timer)

    def ended(self, work: Waited) -> None:
        """A call came back, or will never begin."""
        with self._lock:
            self._at_work.pop(work, None)
        self.ended_together((work,))

    def ended_together(self, works: Iterable[Waited]) -> None:
        """Calls that will never begin."""
        self._ended.extend(works)
        # Set before the loop looks, cleared before it takes: what is put in between is taken, or wakes it again.
        if not self._waking:
            self._waking = True
            self._tell(self._deliver)

    def _tell(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self.loop.call_soon_threadsafe(call)

    def _deliver(self) -> None:
        self._waking = False
        while self._ended:
            work = self._ended.popleft()
            if not work.future.done():
                work.future.set_result(work.ended)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._watch_at, self._look) if self._watch_at is not None else None

    def _look(self) -> None:
        now = time.monotonic()
        with self._lock:
            over = [work for work, over_at in self._at_work.items() if over_at <= now]
            for work in over:
                del self._at_work[work]
            self._watch_at = min(self._at_work.values(), default=None)
        self._set_timer()
        for work in over:
            self._overran(work)
