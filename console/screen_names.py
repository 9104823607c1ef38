"""The numbered screens by name: keys, tabs, titles and refusals that name a screen are all made from this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScreenName:
    """How a numbered screen is called."""

    number: int
    id: str
    title: str
    short: str
    """The title in narrow terminals."""

    @property
    def command_id(self) -> str:
        """The command that shows the screen."""
        return f"screen_{self.id}"


RUNS = ScreenName(1, "runs", "Runs", "Runs")
ATTENTION = ScreenName(2, "attention", "Needs attention", "Attention")
WAKES = ScreenName(3, "wakes", "Wakes", "Wakes")
SYSTEMS = ScreenName(4, "systems", "External systems", "Systems")
WORKFLOWS = ScreenName(5, "workflows", "Workflows", "Workflows")
ACTS = ScreenName(6, "acts", "Acts", "Acts")
HEALTH = ScreenName(7, "health", "Health", "Health")

SCREEN_NAMES = (RUNS, ATTENTION, WAKES, SYSTEMS, WORKFLOWS, ACTS, HEALTH)
