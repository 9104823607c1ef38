"""How a scheduler or worker is: reported by itself on its event loop, read by other threads and by the watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

TURN_SECONDS = 15.0
"""An event loop that has not turned for so long hangs."""
BEAT_SECONDS = 15.0
"""Without a heartbeat or a wake for so long a process is not ready."""
STALLED_SECONDS = 180.0
"""Without both for so long, longer than any wait for a store that hangs, it will not go on by itself."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Numbers of one process that cost nothing to read, taken once a second."""

    wakes: int = 0
    saves: int = 0
    conflicts: int = 0
    in_flight: int = 0
    leased: int = 0
    stuck_threads: int = 0


class Condition(NamedTuple):
    """An answer to whether a process is as it should be."""

    good: bool
    sentence: str
    """The answer in words; if it is not good, why."""


class Liveness:
    """Whether a process is alive, whether it works, and if not, why."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin as a process that is starting; `clock` gives monotonic seconds."""
        self.ready = False
        self.store_up = True
        self.leads = False
        """The process does what exactly one scheduler or worker of a store does."""
        self.workers = 0
        """Number of schedulers or workers the last heartbeat saw."""
        self.beat_at: float | None = None
        """When the last heartbeat was written, in seconds since 1970."""
        self.pulse = Pulse()
        self._clock = clock
        self._turned_at = self._moved_at = clock()
        self._why_not_ready = "It is starting."

    def works(self) -> None:
        """The store answers, and the process drives it or works on it."""
        self.ready = self.store_up = True
        self._moved_at = self._clock()

    def waits(self, why: str, *, store_up: bool = True) -> None:
        """The process does not work now; the sentence says why."""
        self.store_up = store_up
        self.ready = self.leads = False
        self._why_not_ready = why

    def beat(self, *, leads: bool = True, workers: int = 1) -> None:
        """A heartbeat was written."""
        self.leads = leads
        self.workers = workers
        self.beat_at = time.time()
        self._moved_at = self._clock()

    def turned(self, pulse: Pulse) -> None:
        """The event loop turned, and these are its numbers now."""
        self._turned_at = self._clock()
        if pulse.wakes != self.pulse.wakes:
            self._moved_at = self._turned_at
        self.pulse = pulse

    def health(self) -> Condition:
        """Whether the process is alive; one that is not is to be started anew."""
        now = self._clock()
        silent = now - self._turned_at
        still = now - self._moved_at
        if silent > TURN_SECONDS:
            return Condition(False, f"The event loop has not turned for {silent:.0f} s.")
        if self.ready and still > STALLED_SECONDS:
            return Condition(False, f"It stands still: no heartbeat and no wake for {still:.0f} s.")
        return Condition(True, "The event loop turns.")

    def readiness(self) -> Condition:
        """Whether the process drives the store or works on it."""
        health = self.health()
        if not health.good:
            return health
        if not self.ready:
            return Condition(False, self._why_not_ready)
        still = self._clock() - self._moved_at
        if still > BEAT_SECONDS:
            return Condition(False, f"No heartbeat and no wake for {still:.0f} s; the store may be slow.")
        return Condition(True, "It works, and leads." if self.leads else "It works.")
