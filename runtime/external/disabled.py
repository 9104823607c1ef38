"""An external system that could not be made: it says why, and everything else goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from runtime.errors import Unreachable
from runtime.external.base import Call


class DisabledSystem:
    """Stands in for a plugin that failed to load; its work is kept and waits until the plugin is mended."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        """The reason, for every binding."""
        return [self.reason]

    def target(self, binding: Mapping[str, Any]) -> str:
        """There is none."""
        return ""

    async def start(self, call: Call) -> NoReturn:
        """Raise `Unreachable` with the reason."""
        self._refuse()

    async def find(self, call: Call) -> NoReturn:
        """Raise `Unreachable` with the reason."""
        self._refuse()

    async def poll(self, call: Call) -> NoReturn:
        """Raise `Unreachable` with the reason."""
        self._refuse()

    async def cancel(self, call: Call) -> None:
        """Raise `Unreachable` with the reason."""
        self._refuse()

    async def logs(self, call: Call) -> NoReturn:
        """Raise `Unreachable` with the reason."""
        self._refuse()

    async def close(self) -> None:
        """Nothing to give back."""

    def _refuse(self) -> NoReturn:
        raise Unreachable(self.reason, sent=False)
