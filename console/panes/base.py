"""What a pane is: lines made from the details of the selected run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from console.keynames import KeyNames
from console.theme import Look
from console.times import Zone
from console.widgets.rows import Lines

if TYPE_CHECKING:
    from console.here import Here
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Branch


@dataclass(frozen=True)
class Showing:
    """How a pane is shown."""

    look: Look
    width: int
    now: datetime
    zone: Zone = Zone.RELATIVE
    branch_id: str | None = None
    """The selected branch."""
    folded: frozenset[str] = frozenset()
    """What the operator folded."""
    zoom: float = 1.0
    pan: float = 0.0
    """Of the timeline: how far it is magnified, and moved by so many widths."""
    read_only: bool = False
    keys: KeyNames = field(default_factory=KeyNames)
    recommend: Callable[[Here], Sequence[tuple[str, str]]] = lambda here: ()
    """The commands that help here, the best first: id, and what it does here."""


class Pane(ABC):
    """One pane of details; instances keep nothing, so that what is shown depends on what is given alone."""

    id: ClassVar[str]
    title: ClassVar[str]
    cursor: ClassVar[bool] = False
    """Whether rows can be chosen; their keys are branch ids."""
    live: ClassVar[bool] = False
    """Whether it says how long ago things were, so that it is drawn anew each second."""

    @abstractmethod
    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """The rows."""

    def read(self, runtime: Runtime, run_id: str, branch_id: str | None) -> Any:
        """What must be read besides the details, in a reading thread; None if nothing."""
        return None


def branch_of(detail: RunDetail, showing: Showing) -> Branch | None:
    """The selected branch, else the one that matters most: failed, lost, stale, open, any."""
    chosen = detail.branch(showing.branch_id)
    if chosen is not None:
        return chosen
    return min(detail.leaves, key=lambda b: (trouble(b), b.seq), default=None)


TROUBLE = {"failed": 0, "awaiting_retry": 3, "running": 5, "starting": 5, "waiting": 6, "pending": 7, "arrived": 8}


def trouble(branch: Branch) -> int:
    """How much a branch asks for attention, 0 the most."""
    if branch.observation is not None and branch.status == "running":
        return {"lost": 1, "stale": 2}.get(str(branch.observation.state), 5)
    return TROUBLE.get(str(branch.status), 9)
