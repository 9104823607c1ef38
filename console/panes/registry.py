"""The panes there are, in the order `]` goes through them: a new one is a file and a line here."""

from __future__ import annotations

from console.panes.base import Pane
from console.panes.branches import BranchesPane
from console.panes.failure import FailurePane
from console.panes.why import WhyPane

PANES: tuple[type[Pane], ...] = (WhyPane, FailurePane, BranchesPane)


def panes() -> list[Pane]:
    """One of each."""
    return [pane() for pane in PANES]
