"""Hold: starts, polls, timers and schedules in a scope stop."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, Kind, OnScreen, StoreAct
from runtime.acts.pause import CLOCKS


class HoldScope(StoreAct, frozen=True, kw_only=True):
    """Stop starts, polls, timers and schedules in a scope: all, system=NAME[:TARGET], flow=NAME, run=ID."""

    verb: ClassVar[str] = "hold"
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Holds a run, its flow, a system or everything, or releases what is held. Asks first.",
        key="H",
        label="hold",
        screens=frozenset({"runs", "systems", "workflows", "health"}),
        title="Hold or release",
        button="Hold or release it",
    )

    scope: Annotated[str, Input(positional=True, example="run={run}")]
    clocks: Annotated[str, Input(choices=CLOCKS)] = "stop"
    """stop: timeouts stand still; run: they go on."""
    force: Annotated[
        bool, Input(kind=Kind.FLAG, help="Though no flow or run known here has this system, target or flow.")
    ] = False
