"""Schedule: the schedule of a workflow is switched on or off."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, OnScreen, StoreAct

SWITCH = OnScreen(
    help="Switches the schedule of a workflow on or off. Asks first.",
    key="D",
    label="schedule",
    screens=frozenset({"workflows"}),
    id="schedule",
    does="switch its schedule",
    nothing="no workflow is selected.",
    title="Schedule of {subject}",
    button="Switch it",
)


class EnableSchedule(StoreAct, frozen=True, kw_only=True):
    """Let the schedule of a workflow start runs."""

    verb: ClassVar[str] = "schedule enable"
    begins_store: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = SWITCH

    flow: Annotated[str, Input(positional=True, example="{subject}")]


class DisableSchedule(StoreAct, frozen=True, kw_only=True):
    """Start no more runs."""

    verb: ClassVar[str] = "schedule disable"
    at_once: ClassVar[bool] = True

    flow: Annotated[str, Input(positional=True, example="{subject}")]
