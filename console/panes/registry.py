"""The panes there are, in the order `]` goes through them: a new one is a file and a line here."""

from __future__ import annotations

from console.panes.base import Pane
from console.panes.branches import BranchesPane
from console.panes.failure import FailurePane
from console.panes.graph import GraphPane
from console.panes.history import HistoryPane
from console.panes.logs import LogsPane
from console.panes.polls import PollsPane
from console.panes.state import StatePane
from console.panes.timeline import TimelinePane
from console.panes.why import WhyPane

PANES: tuple[type[Pane], ...] = (
    WhyPane,
    BranchesPane,
    FailurePane,
    TimelinePane,
    GraphPane,
    HistoryPane,
    PollsPane,
    LogsPane,
    StatePane,
)


def panes() -> list[Pane]:
    """One of each."""
    return [pane() for pane in PANES]
