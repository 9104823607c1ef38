"""A stored record that cannot be read, and what an operator is told of it."""

from __future__ import annotations

from runtime.model.record import Record

REMEDY = (
    "forkjoin doctor --deep names every damaged record, forkjoin export --skip-damaged saves the rest, and "
    "forkjoin prune --damaged removes what cannot be read."
)


class Damage(Record, frozen=True):
    """One record that cannot be read."""

    table: str
    number: int
    """Number of the document; 0 where a document is missing."""
    problem: str
    """What is wrong, to follow the name of the record: `cannot be read: ...`."""
    run_id: str | None = None
    """The run that cannot be used because of it."""

    @property
    def place(self) -> str:
        """The record by table and number."""
        return f"document {self.number} of {self.table}" if self.number else self.table

    @property
    def sentence(self) -> str:
        """What is said to who wants to use it."""
        whose = f"The run {self.run_id} is damaged: " if self.run_id else "The store is damaged: "
        return f"{whose}{self.place} {self.problem}. All else goes on. {REMEDY}"
