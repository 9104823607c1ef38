"""What every stored record is: a frozen struct whose moments can be compared with any other moment."""

from __future__ import annotations

import inspect
from operator import attrgetter
from typing import Any, ClassVar

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
    _read: ClassVar[Any] = None
    """Reads all of them at once: records are made dozens of times a wake."""

    def __init_subclass__(cls) -> None:
        """Collect the fields of a kind of record that hold moments."""
        own = inspect.get_annotations(cls)
        cls._moments += tuple(name for name, kind in own.items() if kind in ("Moment", "Moment | None"))
        # Of one name attrgetter gives no tuple; a name that is read twice does no harm.
        cls._read = attrgetter(*cls._moments, cls._moments[0]) if cls._moments else None

    def __post_init__(self) -> None:
        read = self._read
        for moment in read(self) if read is not None else ():
            if moment is not None and moment.tzinfo is None:
                name = next(name for name in self._moments if getattr(self, name) is moment)
                raise ValueError(f"the moment `{name}` of {type(self).__name__} has no time zone")
