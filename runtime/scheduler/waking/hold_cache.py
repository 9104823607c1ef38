"""The holds of a store as they were read last: read again when the store has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.model.act import Hold
from runtime.store.base import RunStore


class KnownHolds:
    """Holds, released ones too, for all runs that are moved together."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._token: int | None = None
        self.now: list[Hold] = []

    def read(self) -> None:
        """Read them if anything in the store has changed since."""
        token = self._store.change_token()
        if token != self._token:
            self.now = self._store.holds(released=True)
            self._token = token

    def recheck(self, held: Sequence[str], at: datetime) -> None:
        """Wake runs that were saved as held although a hold was released meanwhile: that wake was overwritten."""
        before = self.now
        self.read()
        if self.now != before:
            self._store.wake(held, at)
