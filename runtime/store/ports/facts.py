"""Facts about the store itself: who drives it, where its runs were moved, where local work lies."""

from __future__ import annotations

from typing import Any, Protocol


class Facts(Protocol):
    """Values by key; `runtime.store.kinds` says what the known ones are."""

    def get(self, key: str) -> Any:
        """A fact; one that cannot be read is as if it were not known, but for `moved_to`."""
        ...

    def put(self, key: str, value: object) -> None:
        """Store a fact, in place of the one with this key."""
        ...

    def new_epoch(self) -> int:
        """Begin a new epoch of driving: saves with an older epoch are refused from now on."""
        ...
