"""The holds of a store as they were read last: read again when the store has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.model.act import Hold
from runtime.store.ports.store import Store


class HoldCache:
    """Holds, released ones too, for all runs that are moved together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token: int | None = None
        self.holds: list[Hold] = []

    def read(self) -> None:
        """Read the holds if anything in the store has changed since; raises StoreUnavailable."""
        token = self._store.changes.token()
        if token != self._token:
            self.holds = self._store.holds.all(released=True)
            self._token = token

    def recheck(self, held_runs: Sequence[str], at: datetime) -> None:
        """Wake runs that were saved as held while a hold was released: the save has overwritten the wake."""
        before = self.holds
        self.read()
        if self.holds != before:
            self._store.due_runs.wake(held_runs, at)
