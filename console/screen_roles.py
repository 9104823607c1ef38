"""What screens can do for a command: small protocols that a command asks the screen shown for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from console.saved_views import SavedView
    from console.widgets.rows import Rows


class NumberedScreenRole(Protocol):
    """What every numbered screen does."""

    @property
    def name_id(self) -> str:
        """Name of the screen in the table of screen names."""

    @property
    def title(self) -> str:
        """How people call it."""

    @property
    def rows(self) -> Rows:
        """The rows the keys act on."""

    @property
    def areas_shown(self) -> int:
        """How many lists and panes are on the screen."""

    def back(self) -> bool:
        """Leave a page or a filter inside the screen; False if there is none."""

    def changed(self) -> None:
        """Read what is in sight again."""

    def tick(self) -> None:
        """Draw times again."""

    def show_new(self) -> None:
        """Show rows that came since the list was put in order."""

    def touched(self) -> None:
        """Take note that a key was pressed."""

    def reads(self) -> bool:
        """Whether what is under the cursor, or about it, is still being read."""

    def reads_pane(self) -> bool:
        """Whether the keys act on rows that are still being read."""


@runtime_checkable
class RunListRole(Protocol):
    """A list of runs that other screens can send the operator to."""

    def filter_by(self, text: str) -> None:
        """List the runs that match a filter; one that cannot be read changes nothing."""

    def show_only(self, ids: list[str], label: str) -> None:
        """List just these runs; `label` says what they have in common."""

    def reorder(self, *, select: str | None = None) -> None:
        """Read the order again; the cursor stays with its run, or goes to run `select`."""


class Marking(Protocol):
    """Marks rows for one act on all of them."""

    def mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go on."""

    def mark_range(self) -> None:
        """Mark all rows from the last mark to the cursor."""

    def mark_all(self) -> None:
        """Mark every row that matches the filter, or take all marks away."""


@runtime_checkable
class HasMarks(Protocol):
    """A list whose rows can be marked."""

    @property
    def marking(self) -> Marking:
        """Marks its rows."""


@runtime_checkable
class HasOrder(Protocol):
    """A list in an order, by a filter and with columns that the operator chooses."""

    @property
    def where(self) -> str:
        """The filter as it was typed."""

    @property
    def hidden_columns(self) -> frozenset[str]:
        """Names of the columns that are left out."""

    def filter_by(self, text: str) -> None:
        """List what matches a filter."""

    def turn_problems_only(self) -> None:
        """List only what needs attention, or all again."""

    def next_sort(self) -> str:
        """List in the next order; the order in words is returned."""

    def turn_column(self, name: str) -> None:
        """Leave a column out, or show it again."""

    def show_saved(self, saved: SavedView) -> None:
        """List by the filter and in the order of a saved view."""

    def to_problem(self, by: int) -> None:
        """Put the cursor on the next row that needs attention (1) or the one before (-1)."""


@runtime_checkable
class HasPane(Protocol):
    """A screen with details in panes."""

    @property
    def pane_id(self) -> str:
        """Name of the pane that is shown."""

    @property
    def in_pane(self) -> bool:
        """Whether the pane has the focus."""

    @property
    def searched(self) -> str:
        """The text that was last searched for in the pane."""

    def open_page(self, pane_id: str | None = None) -> None:
        """Show a pane; None: the branches."""

    def step_pane(self, by: int) -> None:
        """Show the next pane (1), or the one before (-1)."""

    def go_to_branch(self, branch_id: str) -> None:
        """Choose a branch."""

    def find(self, text: str) -> None:
        """Bring the next line with a text into sight."""

    def zoom_pan(self, zoom: float, pan: float) -> None:
        """Magnify the picture of the pane by a factor, and move it by so many widths."""

    def enlarge(self, *, enlarged: bool) -> None:
        """Give the pane with the focus the whole screen, or all panes their room."""
