"""Checks of bindings, by the name of the external system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runtime.external.base import ExternalSystem


class BindingChecks(Mapping[str, Callable[[Mapping[str, Any]], list[str]]]):
    """The check of each system, which returns sentences; needs no network and writes no file.

    The systems are not looked into before a check is asked for.
    """

    def __init__(self, systems: Mapping[str, ExternalSystem]) -> None:
        self._systems = systems

    def __getitem__(self, name: str) -> Callable[[Mapping[str, Any]], list[str]]:
        return self._systems[name].problems

    def __iter__(self) -> Iterator[str]:
        return iter(self._systems)

    def __len__(self) -> int:
        return len(self._systems)
