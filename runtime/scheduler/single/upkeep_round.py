"""What a scheduler that is alone on a store does beside its wakes, each when it is time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runtime.logs import get_logger
from runtime.scheduler.single.heartbeat import SchedulerHeartbeat
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.upkeep.store_duties import StoreDuties

log = get_logger(__name__)


class UpkeepRound:
    """Questions, duties, heartbeat and the removal of jobs that runs left behind."""

    def __init__(
        self,
        heartbeat: SchedulerHeartbeat,
        duties: StoreDuties,
        answer_questions: Callable[[], None],
        sweep: Callable[[], None],
    ) -> None:
        self.heartbeat = heartbeat
        self._duties = duties
        self._answer_questions = answer_questions
        self._sweep = sweep

    def carry_out(self) -> datetime | None:
        """Do what is due; returns when a schedule ticks next. Raises StoreUnavailable and LostRight."""
        contained("questions", self._answer_questions)
        next_tick = self._duties.carry_out()
        if self.heartbeat.is_due():
            self.heartbeat.write()
        contained("sweep", self._sweep)
        if self._duties.clean_up_is_due():
            removed = self._duties.clean_up()
            if removed:
                log.info("retention.removed", runs=removed)
        return next_tick
