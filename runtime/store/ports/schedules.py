"""State of schedules: whether they are on, and how far they came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Schedules(Protocol):
    """State of schedules by workflow name."""

    def all(self) -> dict[str, dict[str, Any]]:
        """Every state that can be read."""
        ...

    def put(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        """Store the state of a schedule; None removes it."""
        ...
