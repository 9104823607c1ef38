"""Inside the list and the panes: marks, matches, comparing, zoom, room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.commands.base import Command, Group, Here, Possible

if TYPE_CHECKING:
    from console.app import ForkjoinApp

RUNS = frozenset({"runs"})


class NextMatch(Command):
    """To the next run that needs attention; in a pane to the next line found."""

    id, key, group, screens = "next_match", "n", Group.MOVE, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Forward."""
        view: Any = app.view
        view.to_problem(1)


class PreviousMatch(Command):
    """To the run before that needs attention."""

    id, key, group, screens = "previous_match", "N", Group.MOVE, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Back."""
        view: Any = app.view
        view.to_problem(-1)


class Mark(Command):
    """Marks the run for an act on many, or takes the mark away."""

    id, key, group, shown, screens = "mark", "space", Group.MOVE, "space", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Mark and go on."""
        view: Any = app.view
        view.mark()


class MarkRange(Command):
    """Marks all runs from the last mark to here."""

    id, key, group, screens = "mark_range", "V", Group.MOVE, RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Mark the range."""
        view: Any = app.view
        view.mark_range()


class MarkAll(Command):
    """Marks every run that matches the filter; again takes all marks away."""

    id, key, group, shown, screens = "mark_all", "asterisk", Group.MOVE, "*", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Mark all."""
        view: Any = app.view
        view.mark_all()


class Enlarge(Command):
    """Gives the pane with the focus the whole screen."""

    id, key, group, shown, screens = "enlarge", "plus", Group.LOOK, "+", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Enlarge."""
        view: Any = app.view
        view.enlarge(enlarged=True)


class Reduce(Command):
    """Gives the other panes their room back."""

    id, key, group, shown, screens = "reduce", "underscore", Group.LOOK, "_", RUNS

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Reduce."""
        view: Any = app.view
        view.enlarge(enlarged=False)


class Follow(Command):
    """Keeps the end of history, polls or logs in sight."""

    id, key, group = "follow", "f", Group.LOOK

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Switch over."""
        app.follow = not app.follow
        app.say("Following: the end stays in sight." if app.follow else "Not following any more.")
        app.view.changed()


class Compare(Command):
    """Compares two marked runs."""

    id, key, group, shown, screens = "compare", "equals_sign", Group.LOOK, "=", RUNS

    @classmethod
    def possible(cls, here: Here) -> Possible:
        """Exactly two must be marked."""
        two = len(here.marks) == 2
        return Possible(
            two, cls.text() if two else f"{len(here.marks)} runs are marked; space marks one, two are compared."
        )

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Show both side by side."""
        from console.dialogs.comparing import compare

        compare(app, here.marks[0], here.marks[1])


class _Pan(Command):
    group, screens = Group.MOVE, RUNS
    zoom_by, pan_by = 1.0, 0.0

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Zoom or pan the timeline and the graph."""
        view: Any = app.view
        view.area.zoom_pan(cls.zoom_by, cls.pan_by)


class ZoomIn(_Pan):
    """Magnifies the timeline."""

    id, key, shown, zoom_by = "zoom_in", "greater_than_sign", ">", 2.0


class ZoomOut(_Pan):
    """Shows more of the timeline."""

    id, key, shown, zoom_by = "zoom_out", "less_than_sign", "<", 0.5


class PanLeft(_Pan):
    """Earlier in the timeline; left in the graph."""

    id, key, pan_by = "pan_left", "left", -0.25


class PanRight(_Pan):
    """Later in the timeline; right in the graph."""

    id, key, pan_by = "pan_right", "right", 0.25


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
