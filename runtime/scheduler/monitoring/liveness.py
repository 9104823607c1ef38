"""How a scheduler or worker is: told by itself on its event loop, read by other threads and by systemd's watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

TURN_SECONDS = 15.0
"""An event loop that has not turned for so long hangs."""
BEAT_SECONDS = 15.0
"""Without a heartbeat or a wake for so long it is not ready."""
STALLED_SECONDS = 180.0
"""Without a heartbeat or a wake for so long, longer than any wait for a store that hangs, it stands still for good."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Numbers of one process that cost nothing to read, taken once a second."""

    wakes: int = 0
    saves: int = 0
    conflicts: int = 0
    in_flight: int = 0
    leased: int = 0
    stuck_threads: int = 0


class Liveness:
    """Whether it lives, whether it works, and if not, why."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turned_at = self._moved_at = clock()
        self._why = "It is starting."
        self.ready = False
        self.store_up = True
        self.leads = False
        """It does what exactly one scheduler or worker of a store does."""
        self.workers = 0
        """Schedulers or workers that are there, as the last heartbeat saw them."""
        self.beat_at: float | None = None
        """When the last heartbeat was written, in seconds since 1970."""
        self.pulse = Pulse()

    def works(self) -> None:
        """The store answers and we drive it, or work on it."""
        self.ready = self.store_up = True
        self._moved_at = self._clock()

    def waits(self, why: str, *, store_up: bool = True) -> None:
        """We do not work now; the sentence says why."""
        self._why = why
        self.store_up = store_up
        self.ready = self.leads = False

    def beat(self, *, leads: bool = True, workers: int = 1) -> None:
        """A heartbeat was written."""
        self.leads, self.workers = leads, workers
        self.beat_at, self._moved_at = time.time(), self._clock()

    def turned(self, pulse: Pulse) -> None:
        """The event loop turned, and these are its numbers now."""
        self._turned_at = self._clock()
        if pulse.wakes != self.pulse.wakes:
            self._moved_at = self._turned_at
        self.pulse = pulse

    def health(self) -> tuple[bool, str]:
        """Whether it lives, and the sentence; one that does not is to be started anew."""
        now = self._clock()
        silent, still = now - self._turned_at, now - self._moved_at
        if silent > TURN_SECONDS:
            return False, f"The event loop has not turned for {silent:.0f} s."
        if self.ready and still > STALLED_SECONDS:
            return False, f"It stands still: no heartbeat and no wake for {still:.0f} s."
        return True, "The event loop turns."

    def readiness(self) -> tuple[bool, str]:
        """Whether it drives the store or works on it, and the sentence."""
        alive, told = self.health()
        if not alive:
            return False, told
        if not self.ready:
            return False, self._why
        still = self._clock() - self._moved_at
        if still > BEAT_SECONDS:
            return False, f"No heartbeat and no wake for {still:.0f} s; the store may be slow."
        return True, "It works, and leads." if self.leads else "It works."
