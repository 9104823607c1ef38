"""What the Runs screen knows beside its rows: filter, order, arrangement, and what was asked for and answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SORTS = ("attention", "updated_at", "created_at", "next_wake_at", "id")
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Selection:
    """Runs that another screen asked for, and what they have in common; without ids nothing is selected."""

    ids: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a filter has looked through the runs of the store."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunsState:
    """Replaced as a whole by each event (console/screens/runs/presenter.py)."""

    sort: str = SORTS[0]
    where: str = ""
    """The filter as it was typed."""
    problems_only: bool = False
    only: Selection = Selection()
    showing_page: bool = False
    """In a narrow terminal: whether a pane stands in place of the list."""
    enlarged: bool = False
    """Whether the pane with the focus has the whole screen."""
    why_lines: int = 5
    """Lines of the why below the list of a narrow terminal."""
    key_at: datetime | None = None
    """When a key was pressed last."""
    ordered_at: datetime = NEVER
    """When the order was read last."""
    order_took_s: float = 0.0
    """How many seconds that took."""
    ordered: bool = False
    """Whether an order was ever read."""
    progress: Progress | None = None
    """While a filter is being read."""
    new_rows: int = 0
    """Runs that came since the order was read."""
    detail_asked: str = ""
    """Id of the run whose details were asked for last."""
    detail_read: str = ""
    """Id of the run whose details were given last."""
    logs_asked: tuple[str, str] | None = None
    """Run and branch whose logs were asked for last."""

    @property
    def whole_filter(self) -> str:
        """The filter as it is typed, and problems only."""
        return " ".join(part for part in (self.where, "is:attention" if self.problems_only else "") if part)

    @property
    def filtered(self) -> bool:
        """Whether some runs are left out."""
        return bool(self.whole_filter or self.only.ids)
