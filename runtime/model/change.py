"""Changing frozen records by copy, fast enough for thousands of wakes a second."""

from __future__ import annotations

from typing import Any, TypeVar

Record = TypeVar("Record")


def changed(record: Record, **fields: Any) -> Record:
    """A copy of a frozen dataclass without slots, with some fields replaced.

    Means the same as `dataclasses.replace` for records without `__post_init__`, at a tenth of its cost: replace
    sets every field through the frozen guard. Field names are not checked.
    """
    copy = object.__new__(type(record))
    copy.__dict__.update(record.__dict__)
    copy.__dict__.update(fields)
    return copy
