"""Notices that the wall clock was set, and keeps by how much in the store, where runs are corrected by it.

A monotonic clock goes on when the wall clock is set, and stands still while the machine sleeps; the difference of the
two moves only with such a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.model.act import ActState
from runtime.model.clock_setting import ClockSetting, ClockState, moved
from runtime.model.facts import CLOCK, HEARTBEAT
from runtime.store.ports.store import Store

log = get_logger(__name__)
STEP_SECONDS = 2.0
"""A smaller step is not corrected: clocks that are kept right by small steps make many of them."""
KEPT = 100
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LATEST = datetime.max.replace(tzinfo=UTC)


def this_boot() -> str:
    """The machine since it was started; empty where the system does not tell."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


class ClockWatch:
    """Compares the clocks again and again; asks and writes to the store only when one was set."""

    def __init__(
        self, store: Store, clock: Clock, monotonic: Callable[[], float] = time.monotonic, boot: str | None = None
    ) -> None:
        """`monotonic` gives seconds of a clock that nobody sets, since the start of the machine that `boot` names."""
        self.settings: tuple[ClockSetting, ...] = ()
        """The settings there were, oldest first."""
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._boot = this_boot() if boot is None else boot
        self._offset = self._difference()
        self._asleep: str | None = None
        """The last run that was roused after the clock was set back; None: all have been."""

    def _difference(self) -> float:
        return self._clock.now().timestamp() - self._monotonic()

    def begin(self) -> None:
        """Take over what the scheduler before knew, and notice what was set since; raises StoreUnavailable."""
        state = CLOCK.read(self._store.facts) or ClockState()
        beat = HEARTBEAT.read(self._store.facts)
        self.settings = state.settings
        self._offset = self._difference()
        now = self._clock.now()
        if state.boot and state.boot == self._boot:
            step = self._offset - state.offset
        elif beat is not None and beat.beat_at is not None:
            # Nobody knows how long the machine was off: certain is only that it is not earlier than it was.
            step = min(0.0, (now - beat.beat_at).total_seconds())
        else:
            step = 0.0
        if abs(step) >= STEP_SECONDS:
            self._take(step)
        else:
            self._keep()

    def look(self) -> bool:
        """Whether the wall clock was set since the last look; quick, and asks nobody."""
        return abs(self._difference() - self._offset) >= STEP_SECONDS

    def take(self) -> None:
        """Keep the setting that `look` has noticed; raises StoreUnavailable, and is then noticed again."""
        offset = self._difference()
        step, before = offset - self._offset, self._offset
        self._offset = offset
        try:
            self._take(step)
        except BaseException:
            self._offset = before
            raise

    def follow(self) -> None:
        """Take small steps of the clock as they come, so that they do not add up to one."""
        if not self.look():
            self._offset = self._difference()

    def _take(self, seconds: float) -> None:
        number = self.settings[-1].number + 1 if self.settings else 1
        at = moved(self._clock.now(), -seconds)
        settings = (*self.settings, ClockSetting(number, at, round(seconds, 3)))[-KEPT:]
        log.warning("clock.set", seconds=round(seconds, 1), clock_before=at.isoformat())
        self._move_acts(seconds)
        self._move_holds(seconds)
        self.settings, kept = settings, self.settings
        try:
            self._keep()
        except BaseException:
            self.settings = kept
            raise
        if seconds < 0:
            self._asleep = ""

    def _keep(self) -> None:
        CLOCK.write(self._store.facts, ClockState(self._boot, self._offset, self.settings))

    def _move_acts(self, seconds: float) -> None:
        """Acts that wait for a moment to be undone wait as long as they would have."""
        for act in self._store.acts.due(LATEST):
            if act.state is ActState.PENDING:
                self._store.acts.put(replace(act, due_at=moved(act.due_at, seconds)))

    def _move_holds(self, seconds: float) -> None:
        for hold in self._store.holds.all(released=True):
            released = moved(hold.released_at, seconds) if hold.released_at is not None else None
            self._store.holds.put(replace(hold, clock_s=hold.clock_s + seconds, released_at=released))

    def rouse(self, limit: int = 500) -> bool:
        """Let some runs be looked at whose wake lies too far ahead since the clock was set back; false: all have been.

        Raises StoreUnavailable.
        """
        if self._asleep is None:
            return False
        page = self._store.runs.query(order="id", descending=False, limit=limit, after=self._asleep or None)
        now = self._clock.now()
        asleep = [run.id for run in page if run.next_wake_at is not None and run.next_wake_at > now]
        if asleep:
            self._store.due_runs.wake(asleep, now)
        self._asleep = page[-1].id if len(page) == limit else None
        return self._asleep is not None
