"""Inside the list and the panes: marks, matches, comparing, zoom, room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands.base import Command, Group, Possible
from console.dialogs.comparing import compare
from console.here import Here
from console.screen_roles import HasMarks, HasOrder, HasPane

if TYPE_CHECKING:
    from console.desk import Desk

RUNS = frozenset({"runs"})


class NextMatch(Command):
    """To the next run that needs attention; in a pane to the next line found."""

    id = "next_match"
    key = "n"
    group = Group.MOVE
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Forward."""
        view = desk.view
        if isinstance(view, HasOrder):
            view.to_problem(1)


class PreviousMatch(Command):
    """To the run before that needs attention."""

    id = "previous_match"
    key = "N"
    group = Group.MOVE
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Back."""
        view = desk.view
        if isinstance(view, HasOrder):
            view.to_problem(-1)


class Mark(Command):
    """Marks the run for an act on many, or takes the mark away."""

    id = "mark"
    key = "space"
    group = Group.MOVE
    key_display = "space"
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Mark and go on."""
        view = desk.view
        if isinstance(view, HasMarks):
            view.marking.mark()


class MarkRange(Command):
    """Marks all runs from the last mark to here."""

    id = "mark_range"
    key = "V"
    group = Group.MOVE
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Mark the range."""
        view = desk.view
        if isinstance(view, HasMarks):
            view.marking.mark_range()


class MarkAll(Command):
    """Marks every run that matches the filter; again takes all marks away."""

    id = "mark_all"
    key = "asterisk"
    group = Group.MOVE
    key_display = "*"
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Mark all."""
        view = desk.view
        if isinstance(view, HasMarks):
            view.marking.mark_all()


class Enlarge(Command):
    """Gives the pane with the focus the whole screen."""

    id = "enlarge"
    key = "plus"
    group = Group.LOOK
    key_display = "+"
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Enlarge."""
        view = desk.view
        if isinstance(view, HasPane):
            view.enlarge(enlarged=True)


class Reduce(Command):
    """Gives the other panes their room back."""

    id = "reduce"
    key = "underscore"
    group = Group.LOOK
    key_display = "_"
    screens = RUNS

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Reduce."""
        view = desk.view
        if isinstance(view, HasPane):
            view.enlarge(enlarged=False)


class Follow(Command):
    """Keeps the end of history, polls or logs in sight."""

    id = "follow"
    key = "f"
    group = Group.LOOK

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Switch over."""
        desk.modes.follow = not desk.modes.follow
        desk.say("Following: the end stays in sight." if desk.modes.follow else "Not following any more.")
        desk.view.changed()


class Compare(Command):
    """Compares two marked runs."""

    id = "compare"
    key = "equals_sign"
    group = Group.LOOK
    key_display = "="
    screens = RUNS

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Exactly two must be marked."""
        two = len(here.marks) == 2
        return Possible(
            two, cls.text() if two else f"{len(here.marks)} runs are marked; space marks one, two are compared."
        )

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Show both side by side."""
        compare(desk, here.marks[0], here.marks[1])


class _Pan(Command):
    group = Group.MOVE
    screens = RUNS
    zoom_by = 1.0
    pan_by = 0.0

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Zoom or pan the timeline and the graph."""
        view = desk.view
        if isinstance(view, HasPane):
            view.zoom_pan(cls.zoom_by, cls.pan_by)


class ZoomIn(_Pan):
    """Magnifies the timeline."""

    id = "zoom_in"
    key = "greater_than_sign"
    key_display = ">"
    zoom_by = 2.0


class ZoomOut(_Pan):
    """Shows more of the timeline."""

    id = "zoom_out"
    key = "less_than_sign"
    key_display = "<"
    zoom_by = 0.5


class PanLeft(_Pan):
    """Earlier in the timeline; left in the graph."""

    id = "pan_left"
    key = "left"
    pan_by = -0.25


class PanRight(_Pan):
    """Later in the timeline; right in the graph."""

    id = "pan_right"
    key = "right"
    pan_by = 0.25


COMMANDS: tuple[type[Command], ...] = (
    Enlarge,
    Reduce,
    Follow,
    Compare,
    NextMatch,
    PreviousMatch,
    Mark,
    MarkRange,
    MarkAll,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
)
