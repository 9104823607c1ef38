"""Answers operators' questions by asking external systems, beside the wakes and without moving a run.

The store is asked in threads: a slow one must not stop the event loop, and with it the heartbeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from runtime.clock import Clock
from runtime.engine.apply import Unreached
from runtime.engine.draft import Draft, Situation
from runtime.engine.finding import find_action, found_words
from runtime.engine.moves import held_by
from runtime.engine.perform import Performer
from runtime.engine.plan import Action
from runtime.errors import ForkjoinError
from runtime.flow.program import Program
from runtime.logs import get_logger
from runtime.model.question import Question
from runtime.model.run import Run
from runtime.model.task import Completed, Failed, Lost, Running
from runtime.store.ports.store import Store

log = get_logger(__name__)
AT_ONCE = 8
LOGS_LIMIT = 200_000


class QuestionAnswerer:
    """Looks for open questions and answers a few at once."""

    def __init__(self, store: Store, performer: Performer, programs: Callable[[Run], Program], clock: Clock) -> None:
        self._store = store
        self._performer = performer
        self._programs = programs
        self._clock = clock
        self._busy: dict[int, asyncio.Task[None]] = {}

    def look(self, questions: Sequence[Question] | None = None) -> None:
        """Begin with the open questions, or with those given; returns at once."""
        for question in self._store.questions.open() if questions is None else questions:
            if len(self._busy) >= AT_ONCE:
                return
            if question.id not in self._busy:
                task = asyncio.ensure_future(self._answer(question))
                self._busy[question.id] = task
                task.add_done_callback(partial(self._answered, question.id))

    def _answered(self, number: int, _: asyncio.Task[None]) -> None:
        self._busy.pop(number, None)

    async def _answer(self, question: Question) -> None:
        try:
            answered = await self._asked(question)
        except ForkjoinError as problem:
            answered = replace(question, problem=problem.message)
        except Exception as problem:
            log.warning("question.failed", question=question.id, problem=str(problem))
            answered = replace(question, problem=f"{type(problem).__name__}: {problem}"[:2_000])
        try:
            answered = replace(answered, answered_at=self._clock.now())
            await asyncio.to_thread(self._store.questions.answer, answered)
        except ForkjoinError as problem:
            log.warning("question.not_stored", question=question.id, problem=problem.message)

    async def _asked(self, question: Question) -> Question:
        found = await asyncio.to_thread(self._store.runs.load, [question.run_id])
        branch = found[0].branches.get(question.branch) if found else None
        if branch is None:
            return replace(question, problem="The run is gone.")
        stored = found[0]
        visit = next(v for v in reversed(branch.steps) if v.attempts)
        attempt = visit.attempts[-1]
        draft = Draft(
            Situation(
                await asyncio.to_thread(self._programs, stored.run),
                self._clock.now(),
                await asyncio.to_thread(self._store.holds.all),
            ),
            stored.run,
            stored.branches,
            stored.firings,
        )
        held = held_by(draft, branch, attempt.external_system, attempt.target)
        if held:
            return replace(question, problem=f"Not asked: {attempt.external_system} is held by {held}.")
        if attempt.external_system == "local":
            return replace(question, problem=f"{visit.step_id} is Python code that runs here; it has no job.")
        bound = draft.program.bindings.get(visit.step_id)
        unknown = question.kind == "status" and attempt.external_id is None and bound is not None and bound.finds
        if question.kind == "find" or unknown:
            asked = await self._performer.perform(find_action(draft, branch), draft)
            found_work = found_words(draft, branch, asked.answer)
            return replace(
                question, reading=found_work.reading, text=found_work.text, external_id=found_work.external_id
            )
        if attempt.external_id is None:
            return replace(question, problem="No external id is known: the start was never answered.")
        action = Action(
            "logs" if question.kind == "logs" else "poll",
            branch.id,
            visit.step_id,
            visit.visit,
            attempt.attempt,
            attempt.external_system,
            attempt.target,
        )
        if question.kind == "logs":
            text = await self._performer.logs(action, draft)
            return replace(question, text=text[-LOGS_LIMIT:])
        seen = (await self._performer.perform(action, draft)).answer
        if isinstance(seen, Running):
            progress = f", {seen.progress * 100:.0f} %" if seen.progress is not None else ""
            note = f", {seen.note}" if seen.note else ""
            return replace(question, reading="running", text=f"it is running{progress}{note}")
        if isinstance(seen, Completed):
            return replace(question, reading="completed", text="it has completed")
        if isinstance(seen, Failed):
            return replace(question, reading="failed", text=f"it has failed: {seen.type}: {seen.message}")
        if isinstance(seen, Lost):
            return replace(question, reading="lost", text=f"nothing is known under {attempt.external_id}")
        if isinstance(seen, Unreached):
            return replace(question, reading="unreachable", problem=f"It could not be reached: {seen.message}")
        return replace(question, problem="The answer could not be read.")
