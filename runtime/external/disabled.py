"""An external system that could not be made; it gives the reason and stops nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from runtime.errors import Unreachable
from runtime.external.base import Call


class DisabledSystem:
    """Stands in for a plugin that failed to load: every call is refused with the reason, and its work waits."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        """The reason, for every binding."""
        return [self.reason]

    def target(self, binding: Mapping[str, Any]) -> str:
        """Empty."""
        return ""

    async def start(self, call: Call) -> NoReturn:
        self._refuse()

    async def find(self, call: Call) -> NoReturn:
        self._refuse()

    async def poll(self, call: Call) -> NoReturn:
        self._refuse()

    async def cancel(self, call: Call) -> None:
        self._refuse()

    async def logs(self, call: Call) -> NoReturn:
        self._refuse()

    async def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        raise Unreachable(self.reason, sent=False)
