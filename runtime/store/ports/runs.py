"""Saving and reading runs with their records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runtime.model.damage import Damage
from runtime.model.run import Run
from runtime.model.stored import RunFilter, Save, Stored


class Runs(Protocol):
    """Runs, each saved against the revision that was read."""

    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        """Write a batch in one durable transaction; returns the ids of runs refused for their revision.

        A refused run changes nothing, the others are written. With `epoch`, nothing is written and LostRight
        is raised unless it is the store's present epoch.
        """
        ...

    def get(self, run_id: str) -> Run | None:
        """The head of a run; one that cannot be read has the status `damaged`."""
        ...

    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        """The runs that exist with all their records, in the order asked.

        Raises Damaged when a record of one cannot be read; `skip_damaged` leaves such runs out.
        """
        ...

    def query(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = 50,
        after: str | None = None,
    ) -> list[Run]:
        """One keyset page, ordered by created_at, updated_at, next_wake_at, attention or id, ties by id.

        `after` is the id of the last run of the page before; NotFound if it does not exist. A run whose head cannot
        be read is among them with the status `damaged`.
        """
        ...

    def remove(self, run_ids: Sequence[str]) -> int:
        """Remove runs with all that belongs to them; returns how many were there."""
        ...

    def damage(self, run_ids: Sequence[str]) -> dict[str, Damage]:
        """What is wrong with those of these runs that cannot be used, by id."""
        ...

    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        """Keep runs from being woken, and count them as damaged; their documents stay as they are."""
        ...

    def mend(self, runs: Sequence[Run]) -> None:
        """Let runs that were marked as damaged, and can be read again, be what their documents say."""
        ...
