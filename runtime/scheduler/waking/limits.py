"""How many calls may be under way to one target of an external system."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class CallLimits(Protocol):
    """Grants places for calls."""

    def of(self, system: str, target: str) -> AbstractAsyncContextManager[object]:
        """A context within which one call may be made; entering waits for a free place."""
        ...


class LocalLimits:
    """A limit per target within this process."""

    def __init__(self, calls_per_target: int) -> None:
        self._calls_per_target = calls_per_target
        self._semaphores: dict[tuple[str, str], asyncio.Semaphore] = {}

    def of(self, system: str, target: str) -> asyncio.Semaphore:
        """The places of a target."""
        semaphore = self._semaphores.get((system, target))
        if semaphore is None:
            semaphore = self._semaphores[system, target] = asyncio.Semaphore(self._calls_per_target)
        return semaphore
