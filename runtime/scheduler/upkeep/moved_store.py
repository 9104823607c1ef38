"""Refuses to drive a store whose runs are driven elsewhere, or are not all there yet."""

from __future__ import annotations

from runtime.errors import Refused
from runtime.model.facts import COPIED, MOVED_TO
from runtime.store.ports.facts import Facts


def refuse_moved(facts: Facts) -> None:
    """Refused if the runs of this store were moved away, or a copy into it was interrupted."""
    if moved := MOVED_TO.read(facts):
        raise Refused(f"The runs of this store were moved to {moved}; they are driven there. Nothing was woken.")
    if source := COPIED.read(facts):
        raise Refused(
            f"The copy from {source} into this store was interrupted. Repeat forkjoin store copy; nothing was woken."
        )
