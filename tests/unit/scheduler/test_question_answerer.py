"""Questions are answered beside the wakes: a slow store delays the answer and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from runtime.calls.performer import Performer
from runtime.model.question import Question
from runtime.model.stored import Stored
from runtime.scheduler.upkeep.question_answerer import QuestionAnswerer
from runtime.store.embedded.store import memory_store
from tests.unit.scheduler.test_wake_loop import World


class Slow:
    """A store that answers only after the event loop has turned."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = memory_store()
        self.turned = threading.Event()
        self.waits: list[bool] = []
        load, answer = self.store.runs.load, self.store.questions.answer

        def load_late(run_ids: Sequence[str]) -> list[Stored]:
            self.waits.append(self.turned.wait(5))
            return load(run_ids)

        def answer_late(question: Question) -> None:
            self.waits.append(self.turned.wait(5))
            answer(question)

        monkeypatch.setattr(self.store.runs, "load", load_late)
        monkeypatch.setattr(self.store.questions, "answer", answer_late)


def test_the_event_loop_turns_while_the_store_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        slow = Slow(monkeypatch)
        store = slow.store
        world = World(store)
        performer: Performer = None  # type: ignore[assignment]
        answerer = QuestionAnswerer(store, performer, lambda run: world.program, world.clock)
        question = store.questions.ask(Question(0, "status", "gone", "main", world.clock.now(), "mia"))
        answerer.look()
        await asyncio.sleep(0)
        slow.turned.set()
        while store.questions.open():
            slow.turned.clear()
            await asyncio.sleep(0)
            slow.turned.set()
            await asyncio.sleep(0)
        assert all(slow.waits)
        told = store.questions.get(question.id)
        assert told is not None and told.problem == "The run is gone."

    asyncio.run(story())
