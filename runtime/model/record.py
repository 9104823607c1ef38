"""What every stored record is: a frozen struct whose moments can be compared with any other moment."""

from __future__ import annotations

import inspect
from typing import ClassVar

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """A stored record. It is replaced, never changed: `msgspec.structs.replace`, which refuses unknown field names.

    Records are trees of JSON values and of other records and hold no reference cycles, so the garbage collector
    need not follow them.

    Raises:
        ValueError: When a record is made with a moment that has no time zone. Two moments can only be compared
            when both have one.
    """

    _moments: ClassVar[tuple[str, ...]] = ()
    """Fields that hold a moment, or None."""

    def __init_subclass__(cls) -> None:
        """Collect the fields of a kind of record that hold moments."""
        own = inspect.get_annotations(cls)
        cls._moments += tuple(name for name, kind in own.items() if kind in ("Moment", "Moment | None"))

    def __post_init__(self) -> None:
        for name in self._moments:
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"the moment `{name}` of {type(self).__name__} has no time zone")
