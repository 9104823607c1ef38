"""Questions are answered beside the wakes: a slow store delays the answer and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from runtime.engine.perform import Performer
from runtime.model.question import Question
from runtime.model.stored import Stored
from runtime.scheduler.upkeep.question_answerer import Answering
from runtime.store.embedded.memory import MemoryStore
from tests.unit.scheduler.test_wake_loop import World


class Slow(MemoryStore):
    """A store that answers only after the event loop has turned."""

    def __init__(self) -> None:
        super().__init__()
        self.turned = threading.Event()
        self.waits: list[bool] = []

    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        self.waits.append(self.turned.wait(5))
        return super().load(run_ids, skip_damaged=skip_damaged)

    def answer(self, question: Question) -> None:
        self.waits.append(self.turned.wait(5))
        super().answer(question)


def test_the_event_loop_turns_while_the_store_is_slow() -> None:
    async def story() -> None:
        store = Slow()
        world = World(store)
        performer: Performer = None  # type: ignore[assignment]
        answering = Answering(store, performer, lambda run: world.program, world.clock)
        question = store.ask(Question(0, "status", "gone", "main", world.clock.now(), "mia"))
        answering.look()
        await asyncio.sleep(0)
        store.turned.set()
        while store.open_questions():
            store.turned.clear()
            await asyncio.sleep(0)
            store.turned.set()
            await asyncio.sleep(0)
        assert all(store.waits)
        told = store.question(question.id)
        assert told is not None and told.problem == "The run is gone."

    asyncio.run(story())
