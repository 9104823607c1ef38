"""A question a dialog has the scheduler ask the external system, and what is said of it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from runtime.errors import ForkjoinError, Refused, StoreAway

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Question


class Asker(Protocol):
    """What an inquiry needs of its dialog."""

    @property
    def desk(self) -> Desk:
        """The console it belongs to."""

    def answered(self, question: Question) -> None:
        """The system was asked, and this came of it."""

    def told(self) -> None:
        """The text of the inquiry is another."""


class Inquiry:
    """Asks once, when it is made; `text` says how far it is."""

    def __init__(self, asker: Asker, run_id: str, branch_id: str, kind: str) -> None:
        self.text = "asking"
        self._asker = asker
        self._number: int | None = None
        self._asked_at = asker.desk.options.now()

        def ask(runtime: Runtime) -> Question:
            if not runtime.queries.scheduler_state()[0]:
                raise Refused("no scheduler is alive; what is shown is the last poll")
            return runtime.asking.ask(run_id, branch_id, kind)

        asker.desk.feed.rehearse(ask, self._stored, self._failed, topic="ask")

    def look(self) -> None:
        """Look for the answer, unless it is there."""
        number = self._number
        if number is not None:
            feed = self._asker.desk.feed
            feed.read("answer", lambda runtime: runtime.asking.answer(number), self._read, self._failed)

    def _stored(self, question: Question) -> None:
        self._number = question.id
        self._asked_at = self._asker.desk.options.now()

    def _read(self, question: Question | None) -> None:
        waited = (self._asker.desk.options.now() - self._asked_at).total_seconds()
        if question is None or question.answered_at is None:
            self.text = f"asking, {waited:.0f} s"
        elif self._number is not None:
            self._number = None
            self.text = f"{waited:.1f} s ago: " + (question.problem or question.text or str(question.reading))
            self._asker.answered(question)
        self._asker.told()

    def _failed(self, problem: Exception) -> None:
        self.text = f"not asked: {problem.message if isinstance(problem, ForkjoinError) else problem}"
        if isinstance(problem, StoreAway):
            # Reading stands still until somebody has looked whether the store is back.
            self._asker.desk.read_failed(problem)
        self._asker.told()
