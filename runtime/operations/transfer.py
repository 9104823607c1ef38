"""Whole stores as plain TinyDB JSON, out and in."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from runtime.clock import Clock
from runtime.model.damage import Damage
from runtime.store.ports.store import Store
from runtime.store.transfer import WHOLE, export_to, import_from

__all__ = ["WHOLE", "Damage", "Transfer"]


class Transfer:
    """Exports one store and imports into it."""

    def __init__(self, store: Store, clock: Clock, actor_name: str) -> None:
        """Make it; imported open runs are held in the name of the actor."""
        self._store = store
        self._clock = clock
        self._actor_name = actor_name

    def export(self, target: Path | IO[str], *, left_out: list[Damage] | None = None, force: bool = False) -> int:
        """Write every document; returns how many. `force` replaces a file that is there.

        Raises:
            Damaged: A document cannot be read; with a list `left_out` it is named there, and the others are written.
            Refused: Something with the name of the file is there.
            StoreUnavailable: The file cannot be written.
        """
        return export_to(self._store.documents, target, left_out=left_out, force=force)

    def import_file(self, path: Path, *, merge: bool, live: bool) -> int:
        """Read an exported file, all or nothing; returns the number of documents. Open runs come held unless `live`.

        Raises:
            InvalidInput: It is no export, or a document does not fit.
            Refused: The store has runs and `merge` is not given, or a run id is taken.
        """
        now = self._clock.now()
        return import_from(self._store, path, merge=merge, live=live, now=now, actor=self._actor_name)
