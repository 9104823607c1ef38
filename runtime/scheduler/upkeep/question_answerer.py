"""Answers operators' questions by asking external systems, beside the wakes and without moving a run.

The store is asked in threads: a slow one must not stop the event loop, and with it the heartbeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from msgspec.structs import replace

from runtime.calls.performer import Performer
from runtime.clock import Clock
from runtime.engine.draft import Draft, Situation
from runtime.engine.finding import find_action, found_words, last_attempt
from runtime.engine.moves import held_by
from runtime.engine.observed import Answer, Unreached
from runtime.engine.plan import Action
from runtime.errors import ForkjoinError
from runtime.flow.program import Program
from runtime.logs import get_logger
from runtime.model.branch import Branch
from runtime.model.question import Question
from runtime.model.run import Run
from runtime.model.stored import Stored
from runtime.model.task import Completed, Failed, Lost, Running
from runtime.store.ports.store import Store

log = get_logger(__name__)
AT_ONCE = 8
"""So many questions are asked at once."""
LOGS_LIMIT = 200_000
"""Characters of a log that are stored, from its end."""


class QuestionAnswerer:
    """Answers a few questions at once, each in a task of its own."""

    def __init__(self, store: Store, performer: Performer, program_of: Callable[[Run], Program], clock: Clock) -> None:
        self._store = store
        self._performer = performer
        self._program_of = program_of
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """By the number of the question."""

    def look(self, questions: Sequence[Question] | None = None) -> None:
        """Begin to answer the open questions, or those given; returns at once."""
        for question in self._store.questions.open() if questions is None else questions:
            if len(self._tasks) >= AT_ONCE:
                return
            if question.id not in self._tasks:
                task = asyncio.ensure_future(self._answer(question))
                self._tasks[question.id] = task
                task.add_done_callback(partial(self._drop, question.id))

    def _drop(self, number: int, _: asyncio.Task[None]) -> None:
        self._tasks.pop(number, None)

    async def _answer(self, question: Question) -> None:
        try:
            answered = await self._ask(question)
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

    async def _ask(self, question: Question) -> Question:
        """The question with its answer, or with the sentence that says why it cannot be asked."""
        runs = await asyncio.to_thread(self._store.runs.load, [question.run_id])
        branch = runs[0].branches.get(question.branch) if runs else None
        if branch is None:
            return replace(question, problem="The run is gone.")
        draft = await self._draft_of(runs[0])
        step_id, visit, attempt = last_attempt(branch)
        held = held_by(draft, branch, attempt.external_system, attempt.target)
        if held:
            return replace(question, problem=f"Not asked: {attempt.external_system} is held by {held}.")
        if attempt.external_system == "local":
            return replace(question, problem=f"{step_id} is Python code that runs here; it has no job.")
        binding = draft.program.bindings.get(step_id)
        can_find = attempt.external_id is None and binding is not None and binding.finds
        if question.kind == "find" or (question.kind == "status" and can_find):
            return await self._find(question, draft, branch)
        if attempt.external_id is None:
            return replace(question, problem="No external id is known: the start was never answered.")
        verb: Literal["logs", "poll"] = "logs" if question.kind == "logs" else "poll"
        action = Action(verb, branch.id, step_id, visit, attempt.attempt, attempt.external_system, attempt.target)
        if verb == "logs":
            text = await self._performer.logs(action, draft)
            return replace(question, text=text[-LOGS_LIMIT:])
        observed = await self._performer.perform(action, draft)
        return with_status(question, observed.answer, attempt.external_id)

    async def _draft_of(self, stored: Stored) -> Draft:
        program = await asyncio.to_thread(self._program_of, stored.run)
        holds = await asyncio.to_thread(self._store.holds.all)
        return Draft(Situation(program, self._clock.now(), holds), stored.run, stored.branches, stored.firings)

    async def _find(self, question: Question, draft: Draft, branch: Branch) -> Question:
        """Ask for the work of the last key of a branch."""
        observed = await self._performer.perform(find_action(draft, branch), draft)
        found = found_words(draft, branch, observed.answer)
        return replace(question, reading=found.reading, text=found.text, external_id=found.external_id)


def with_status(question: Question, answer: Answer, external_id: str) -> Question:
    """The question answered by what a poll gave."""
    match answer:
        case Running(progress, note):
            percent = f", {progress * 100:.0f} %" if progress is not None else ""
            details = f", {note}" if note else ""
            return replace(question, reading="running", text=f"it is running{percent}{details}")
        case Completed():
            return replace(question, reading="completed", text="it has completed")
        case Failed():
            text = f"it has failed: {answer.type}: {answer.message}"
            return replace(question, reading="failed", text=text)
        case Lost():
            return replace(question, reading="lost", text=f"nothing is known under {external_id}")
        case Unreached():
            problem = f"It could not be reached: {answer.message}"
            return replace(question, reading="unreachable", problem=problem)
    return replace(question, problem="The answer could not be read.")
