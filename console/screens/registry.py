"""The numbered screens, in order: a new one is a file and a line here."""

from __future__ import annotations

from console.screens.acts import ActsView
from console.screens.attention import AttentionView
from console.screens.base import NumberedScreen
from console.screens.health import HealthView
from console.screens.runs.screen import RunsView
from console.screens.systems import SystemsView
from console.screens.wakes import WakesView
from console.screens.workflows import WorkflowsView

VIEWS: tuple[type[NumberedScreen], ...] = (
    RunsView,
    AttentionView,
    WakesView,
    SystemsView,
    WorkflowsView,
    ActsView,
    HealthView,
)
