"""Bringing an older store to the format of this program: step by step, in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.errors import StoreUnavailable
from runtime.store.embedded.row_storage import RowStorage
from runtime.store.layout import FORMAT

Step = Callable[[RowStorage], None]


def _births(rows: RowStorage) -> None:
    """To format 2: runs have a birth, which is part of their keys.

    The runs there are were made without one and keep the keys they have, so no document changes. A program that
    knows no births must not drive this store any more: it would give runs that have one other keys.
    """


STEPS: dict[int, Step] = {1: _births}
"""By format: what makes the next one of it. Format 1 is the first."""


def upgrade(
    rows: RowStorage, *, read_only: bool, wanted: int = FORMAT, steps: Mapping[int, Step] | None = None
) -> list[int]:
    """Bring an open file to the wanted format; gives the formats it went through.

    Raises StoreUnavailable for an older file in a read-only session, or one for which there is no way; a step that
    fails leaves the file as it was.
    """
    known = STEPS if steps is None else steps
    found = rows.format_version()
    if found == 0 or found >= wanted:
        return []
    if read_only:
        raise StoreUnavailable(
            f"The store has the older format {found}; open it once without --read-only, which upgrades it to {wanted}."
        )
    missing = [number for number in range(found, wanted) if number not in known]
    if missing:
        raise StoreUnavailable(f"The store has format {found}, and this forkjoin knows no way from {missing[0]} on.")
    passed = list(range(found, wanted))
    with rows.transaction():
        for number in passed:
            known[number](rows)
        rows.set_format_version(wanted)
    return passed
