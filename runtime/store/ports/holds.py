"""Holds: durable stops set by operators."""

from __future__ import annotations

from typing import Protocol

from runtime.model.act import Act, Hold


class Holds(Protocol):
    """Holds by scope and the moment they were set."""

    def all(self, *, released: bool = False) -> list[Hold]:
        """Active holds, oldest first; with `released` the released ones too."""
        ...

    def put(self, hold: Hold, act: Act | None = None) -> Act | None:
        """Add or replace the hold with this scope and `at`, and with it an act, which is returned numbered."""
        ...
