"""Asking an external system about one branch: the question is stored, the scheduler asks and stores the answer."""

from __future__ import annotations

from runtime.clock import Clock
from runtime.errors import Refused
from runtime.model.act import Actor
from runtime.model.question import Question
from runtime.operations.queries.branch_names import find_branch, no_run
from runtime.store.ports.store import Store

KINDS = ("status", "logs", "find")


class Asking:
    """What operators may ask. Nothing here calls an external system."""

    def __init__(self, store: Store, clock: Clock, actor: Actor, *, read_only: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor
        self._read_only = read_only

    def ask(self, run_id: str, branch: str, kind: str = "status") -> Question:
        """Store a question about the last attempt of a branch.

        Raises NotFound for an unknown run or branch; Refused in a read-only session, and where nothing was started.
        """
        if self._read_only:
            raise Refused("This session is read-only; asking an external system is not possible in it.")
        found = self._store.runs.load([run_id])
        if not found:
            raise no_run(self._store.runs, run_id)
        chosen = find_branch(found[0].branches, branch)
        if not any(visit.attempts for visit in chosen.steps):
            raise Refused(f"{chosen.id} has started nothing outside, so there is nothing to ask.")
        question = Question(0, kind, run_id, chosen.id, self._clock.now(), self._actor.name)
        return self._store.questions.ask(question)

    def answer(self, number: int) -> Question | None:
        """The question, answered if its `answered_at` is set; None once it is removed."""
        return self._store.questions.get(number)
