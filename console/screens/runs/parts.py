"""What reading and the lines of the Runs screen may ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.desk import Desk
    from console.screens.runs.detail_area import DetailArea
    from console.screens.runs.presenter import Read
    from console.screens.runs.source import RunSource
    from console.screens.runs.state import RunsState
    from console.widgets.bar import Bar
    from console.widgets.rows import Rows
    from runtime.operations.records import Run


class RunsParts(Protocol):
    """The state of the screen and the widgets that show it."""

    desk: Desk
    state: RunsState
    source: RunSource
    list: Rows
    info: Bar
    why_bar: Bar
    area: DetailArea

    @property
    def run(self) -> Run | None:
        """The run under the cursor, if it is read."""

    def carry_out(self, reads: Iterable[Read], *, select: str | None = None) -> None:
        """Ask the feed for what is wanted, in this order; a new order puts the cursor on run `select`."""

    def redraw_list(self) -> None:
        """Draw what changed of the list and the line below it."""
