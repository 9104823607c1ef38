"""What exactly one process does for a store beside the wakes: releases, schedules, damaged runs, retention."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from runtime.clock import Clock
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.upkeep.hold_releases import HoldReleases
from runtime.scheduler.upkeep.retention import Retention
from runtime.scheduler.upkeep.run_schedules import RunSchedules

CLEAN_UP_SECONDS = 3_600.0


class StoreDuties:
    """The duties; none of them keeps the others from being done, but for a store that is away (StoreUnavailable)."""

    def __init__(
        self,
        clock: Clock,
        releases: HoldReleases,
        schedules: RunSchedules,
        retention: Retention,
        recheck_damaged: Callable[[], int],
    ) -> None:
        self._clock = clock
        self._releases = releases
        self._schedules = schedules
        self._retention = retention
        self._recheck_damaged = recheck_damaged
        self._cleaned_up_at: float | None = None

    def carry_out(self) -> datetime | None:
        """Wake what was released and start what is scheduled; returns when a schedule ticks next."""
        contained("releases", lambda: self._releases.look(self._clock.now()))
        return contained("schedules", self._schedules.look)

    def clean_up_is_due(self) -> bool:
        """Whether the last clean-up is more than an hour ago."""
        return self._cleaned_up_at is None or time.monotonic() - self._cleaned_up_at >= CLEAN_UP_SECONDS

    def clean_up(self) -> int:
        """Let damaged runs go on that can be read by now, and remove old runs; returns how many were removed."""
        self._cleaned_up_at = time.monotonic()
        contained("damaged", self._recheck_damaged)
        return contained("retention", lambda: self._retention.remove(self._clock.now())) or 0
