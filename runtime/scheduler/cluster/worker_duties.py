"""What a worker does beside its wakes: questions and removed jobs for its part, the duties of the store if it leads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runtime.model.question import Question
from runtime.scheduler.cluster.shared_questions import SharedQuestions
from runtime.scheduler.upkeep.contained_duty import contained
from runtime.scheduler.upkeep.store_duties import StoreDuties
from runtime.scheduler.upkeep.stored_acts import StoredActs
from runtime.store.postgres.cluster import Cluster


class WorkerDuties:
    """Kept beside the heartbeat, because they may take long; each method raises StoreUnavailable."""

    def __init__(
        self,
        cluster: Cluster,
        duties: StoreDuties,
        acts: StoredActs,
        questions: SharedQuestions,
        answer: Callable[[Sequence[Question]], None],
        sweep: Callable[[], None],
    ) -> None:
        """`answer` begins to answer questions, `sweep` removes what removed runs left on this machine."""
        self._cluster = cluster
        self._duties = duties
        self._acts = acts
        self._questions = questions
        self._answer = answer
        self._sweep = sweep

    async def answer_questions(self) -> None:
        """Begin to answer the open questions that fall to this worker."""
        questions = await asyncio.to_thread(self._questions.take)
        if questions:
            self._answer(questions)

    async def carry_out_acts(self, *, leads: bool) -> None:
        """Carry out the stored acts that are due, as the leader."""
        if leads:
            await self._acts.carry_out_due()

    async def carry_out(self, *, leads: bool) -> None:
        """Sweep this machine; as the leader also do what one worker does for the whole store."""
        await asyncio.to_thread(contained, "sweep", self._sweep)
        if leads:
            await asyncio.to_thread(self._lead)

    def _lead(self) -> None:
        self._duties.carry_out()
        if self._duties.clean_up_is_due():
            self._cluster.forget_old_duties()
            self._duties.clean_up()
