"""Looking closer at the selected run: one key a pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from console.commands.base import Command, Group, Possible
from console.here import Here
from console.screen_roles import HasPane

if TYPE_CHECKING:
    from console.desk import Desk

RUNS = frozenset({"runs"})
BROKEN = ("failed", "unconfirmed")


class _Pane(Command):
    """Opens a pane of the selected run."""

    group = Group.LOOK
    screens = RUNS
    pane: ClassVar[str]

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """A run must be selected."""
        return Possible(
            here.run is not None,
            cls.text() if here.run else f"no run is selected; {here.key('filter')} changes the filter.",
        )

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open it."""
        view = desk.view
        if isinstance(view, HasPane):
            view.open_page(cls.pane)


class Why(_Pane):
    """Why the run is not done."""

    id = "why"
    key = "w"
    label = "why"
    pane = "why"
    cli = "forkjoin why {run}"


class ShowFailure(_Pane):
    """The whole failure of the selected branch."""

    id = "failure"
    key = "x"
    pane = "failure"
    cli = "forkjoin show {run}"


class Timeline(_Pane):
    """A bar for each branch and attempt."""

    id = "timeline"
    key = "t"
    pane = "timeline"
    cli = "forkjoin show {run}"


class Graph(_Pane):
    """The fork-join picture with live statuses."""

    id = "graph"
    key = ""
    key_display = "g f"
    pane = "graph"
    cli = "forkjoin graph {run}"


class Logs(_Pane):
    """What the external job says; pressed again, the polls of the branch."""

    id = "logs"
    key = "l"
    pane = "logs"
    cli = "forkjoin logs {run} {branch}"

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Logs first, then polls, then logs."""
        view = desk.view
        if isinstance(view, HasPane):
            view.open_page("polls" if view.pane_id == "logs" else "logs")


class History(_Pane):
    """What happened to the run."""

    id = "history"
    key = ""
    key_display = "]"
    pane = "history"
    cli = "forkjoin history {run}"


class RawJson(_Pane):
    """The state of the run as JSON, and what changed it."""

    id = "state"
    key = "v"
    pane = "state"
    cli = "forkjoin show {run} --json"


class NextFailed(Command):
    """To the next failed or unconfirmed branch."""

    id = "next_failed"
    key = "e"
    group = Group.LOOK
    screens = RUNS

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """A branch must have failed, or be unconfirmed."""
        failed = here.detail and any(b.status in BROKEN for b in here.detail.leaves)
        return Possible(bool(failed), cls.text() if failed else f"no branch of {here.run_id or 'a run'} has failed.")

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Choose it, and show its failure."""
        assert here.detail is not None
        failed = [b.id for b in here.detail.leaves if b.status in BROKEN]
        now = here.branch.id if here.branch else ""
        place = (failed.index(now) + 1) % len(failed) if now in failed else 0
        view = desk.view
        if isinstance(view, HasPane):
            view.go_to_branch(failed[place])
            view.open_page("failure")


COMMANDS: tuple[type[Command], ...] = (
    Why,
    ShowFailure,
    Timeline,
    Graph,
    Logs,
    History,
    RawJson,
    NextFailed,
)
