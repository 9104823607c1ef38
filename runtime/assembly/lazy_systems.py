"""External systems that are made when they are first asked for, so that reading commands stay light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.external.base import ExternalSystem
    from runtime.external.registry import Systems


class LazySystems(Mapping[str, "ExternalSystem"]):
    """The installed external systems, found when they are first looked for."""

    def __init__(self, make: Callable[[], Systems]) -> None:
        self._make = make
        self._made: Systems | None = None

    @property
    def systems(self) -> Systems:
        """The systems themselves."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def all(self) -> dict[str, ExternalSystem]:
        """Every system, all of them loaded together."""
        return self.systems.all()

    def __getitem__(self, key: str) -> ExternalSystem:
        return self.systems[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.systems)

    def __len__(self) -> int:
        return len(self.systems)
