"""What every screen shows around its panes, read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Heartbeat, Hold


@dataclass(frozen=True)
class Snapshot:
    """The store in a few words, as of `at`."""

    at: datetime
    token: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    attention: int = 0
    holds: Sequence[Hold] = ()
    alive: bool = False
    scheduler: str = ""
    """The sentence about the scheduler."""
    beat: Heartbeat | None = None
    overdue: int = 0
    overload: str = ""
    """How far behind a living scheduler is; empty if it keeps up."""

    @property
    def runs(self) -> int:
        """Runs in the store."""
        return sum(self.counts.values())


def read_snapshot(runtime: Runtime) -> Snapshot:
    """Read it; in a reading thread."""
    records, now = runtime.queries.records, runtime.clock.now()
    alive, text = runtime.queries.scheduler_state()
    overdue = records.due_count(now, 1_000) if not alive else 0
    return Snapshot(
        now,
        runtime.queries.changes.token(),
        records.counts(),
        runtime.queries.attention_count(),
        records.holds(),
        alive,
        text,
        runtime.queries.scheduler(),
        overdue,
        runtime.queries.overload(),
    )
