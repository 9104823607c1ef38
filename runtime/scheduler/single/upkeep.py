"""What a scheduler that is alone on a store does beside its wakes, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runtime.logs import get_logger
from runtime.model.question import Question
from runtime.scheduler.single.beats import Beat
from runtime.scheduler.single.heartbeat import BEAT_SECONDS, SchedulerHeartbeat
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.upkeep.store_duties import StoreDuties
from runtime.scheduler.upkeep.stored_acts import StoredActs
from runtime.scheduler.waking.clock_watch import ClockWatch
from runtime.store.ports.questions import Questions

log = get_logger(__name__)
OPERATOR_SECONDS = 0.25
"""How often acts and questions of operators are looked for."""
DUTY_SECONDS = 0.5
CLOCK_SECONDS = 1.0
ROUSE_SECONDS = 0.02
"""Between two parts of the runs that are looked at anew once the clock was set back."""


class Upkeep:
    """Acts, questions, duties, heartbeat and the removal of jobs that runs left behind.

    The store is asked in threads: what waits for it there keeps nothing else from its beat.
    """

    def __init__(
        self,
        heartbeat: SchedulerHeartbeat,
        acts: StoredActs,
        duties: StoreDuties,
        questions: Questions,
        answer: Callable[[Sequence[Question]], None],
        sweep: Callable[[], None],
        clock_watch: ClockWatch,
    ) -> None:
        """`answer` begins to answer questions, `sweep` removes what removed runs left on this machine."""
        self.heartbeat = heartbeat
        self.on_acts: Callable[[], None] = lambda: None
        """Called when acts were carried out: runs may be due by now."""
        self._acts = acts
        self._duties = duties
        self._questions = questions
        self._answer = answer
        self._sweep = sweep
        self._clock_watch = clock_watch

    def begin(self) -> None:
        """This process drives the store from now on; raises StoreUnavailable."""
        self._clock_watch.begin()

    def beats(self) -> list[Beat]:
        """All of it with its pauses, in the order in which it is done when it is done once."""
        return [
            Beat("acts", OPERATOR_SECONDS, self._carry_out_acts),
            Beat("questions", OPERATOR_SECONDS, self._answer_questions),
            Beat("duties", DUTY_SECONDS, self._carry_out_duties),
            Beat("clock", CLOCK_SECONDS, self._follow_clock),
            Beat("heartbeat", BEAT_SECONDS, self.heartbeat.beat),
            Beat("clean-up", BEAT_SECONDS, self._clean_up),
        ]

    async def _carry_out_acts(self) -> None:
        if await self._acts.carry_out_due():
            self.on_acts()

    async def _answer_questions(self) -> None:
        questions = await asyncio.to_thread(self._questions.open)
        if questions:
            self._answer(questions)

    async def _carry_out_duties(self) -> None:
        await asyncio.to_thread(self._duties.carry_out)

    async def _follow_clock(self) -> None:
        self._clock_watch.follow()
        while await asyncio.to_thread(self._clock_watch.rouse):
            self.on_acts()
            await asyncio.sleep(ROUSE_SECONDS)

    async def _clean_up(self) -> None:
        await asyncio.to_thread(contained, "sweep", self._sweep)
        if self._duties.clean_up_is_due():
            removed = await asyncio.to_thread(self._duties.clean_up)
            if removed:
                log.info("retention.removed", runs=removed)
