"""The rest between two turns of a scheduler, ended by whatever gives it something to do."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

from runtime.clock import Clock
from runtime.scheduler.single.alarm import Alarm
from runtime.scheduler.waking.calls import Calls
from runtime.store.ports.changes import Changes

LOOK_SECONDS = 0.25
"""How often changes by other processes are looked for."""
LONGEST_SECONDS = 2.0
"""A rest is never longer, whatever was hinted."""


class Rest:
    """Waits for results of calls, the alarm, changes by other processes, or the stop."""

    def __init__(self, changes: Changes, calls: Calls, clock: Clock, sweep_seconds: float) -> None:
        """After `sweep_seconds` the alarm ends a rest even if no wake was due."""
        self.stop = asyncio.Event()
        """Set to end the scheduler."""
        self._changes = changes
        self._calls = calls
        self._clock = clock
        self._rang = asyncio.Event()
        self._alarm = Alarm(self._rang.set, sweep_seconds)

    def begin(self) -> None:
        """Start the alarm; needs a running event loop."""
        self._alarm.start()

    def end(self) -> None:
        """Stop the alarm."""
        self._alarm.stop()

    def hint(self, wake_at: datetime | None) -> None:
        """Let the alarm ring when the next run is due."""
        self._alarm.hint(wake_at)

    def rouse(self) -> None:
        """End the rest: something may be due."""
        self._rang.set()

    async def until(self, wake_at: datetime | None, token: int) -> None:
        """Rest until a moment, at most two seconds; `token` is the change token of the store as it was seen last."""
        until = time.monotonic() + LONGEST_SECONDS
        if wake_at is not None:
            until = min(until, time.monotonic() + max(0.0, (wake_at - self._clock.now()).total_seconds()))
        events = (self.stop, self._rang, self._calls.result_arrived)
        while not any(event.is_set() for event in events):
            left = until - time.monotonic()
            if left <= 0 or await asyncio.to_thread(self._changes.token) != token:
                break
            tasks = [asyncio.ensure_future(event.wait()) for event in events]
            await asyncio.wait(tasks, timeout=min(left, LOOK_SECONDS), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        # Whoever rouses it from now on means the next turn, and ends the rest after that.
        self._rang.clear()
