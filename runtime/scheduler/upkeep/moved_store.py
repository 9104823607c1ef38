"""Refuses to drive a store whose runs are driven elsewhere, or are not all there yet."""

from __future__ import annotations

from runtime.errors import Refused
from runtime.store.base import RunStore


def refuse_moved(store: RunStore) -> None:
    """Refused if the runs of this store were moved away, or a copy into it was interrupted."""
    if moved := store.meta("moved_to"):
        raise Refused(f"The runs of this store were moved to {moved}; they are driven there. Nothing was woken.")
    if source := store.meta("copied"):
        raise Refused(
            f"The copy from {source} into this store was interrupted. Repeat forkjoin store copy; nothing was woken."
        )
