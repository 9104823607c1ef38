"""The numbered screens, in order: a new one is a file and a line here."""

from __future__ import annotations

from typing import Any

from console.screens.acts import ActsView
from console.screens.runs import RunsView

VIEWS: tuple[Any, ...] = (RunsView, ActsView)
