"""How many calls may be under way to one target of an external system."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Limits(Protocol):
    """Gives leave for one call at a time."""

    def of(self, system: str, target: str) -> AbstractAsyncContextManager[Any]:
        """A context within which one call may be made; entering waits for a free place."""
        ...


class LocalLimits:
    """A bound per target within this process."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._known: dict[tuple[str, str], asyncio.Semaphore] = {}

    def of(self, system: str, target: str) -> asyncio.Semaphore:
        """The places of a target."""
        found = self._known.get((system, target))
        if found is None:
            found = self._known[system, target] = asyncio.Semaphore(self._bound)
        return found
