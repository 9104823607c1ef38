"""Acts of operators."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from runtime.model.act import Act


class Acts(Protocol):
    """Acts by number; numbers rise and are never given twice."""

    def put(self, act: Act) -> Act:
        """Add an act (id 0) and return it numbered, or replace the one with its id."""
        ...

    def get(self, act_id: int) -> Act | None:
        """One act; Damaged if it cannot be read."""
        ...

    def newest(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        """Acts, newest first; those of a run are found by the run's id too. One that cannot be read says so."""
        ...

    def due(self, now: datetime) -> list[Act]:
        """Pending or running acts due at or before `now`, oldest first; none that cannot be read."""
        ...
