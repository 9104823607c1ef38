"""Questions to external systems, and their answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from runtime.model.question import Question

KEPT = timedelta(minutes=10)
"""How long a question and its answer are kept."""


class Questions(Protocol):
    """Questions by number; few, and removed soon after they were asked."""

    def ask(self, question: Question) -> Question:
        """Store a question and return it numbered; those older than ten minutes are removed."""
        ...

    def get(self, number: int) -> Question | None:
        """One question; None if it is gone or cannot be read."""
        ...

    def open(self) -> list[Question]:
        """Questions that are not answered, oldest first; none that cannot be read, which are soon removed."""
        ...

    def answer(self, question: Question) -> None:
        """Store the answer to a question that is still there."""
        ...
