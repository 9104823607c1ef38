"""Stop bulk: an act over many runs stops where it is."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, Kind, OnScreen, StoreAct


class StopBulk(StoreAct, frozen=True, kw_only=True):
    """Stop a bulk act; what it has done stays done."""

    verb: ClassVar[str] = "bulk stop"
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Stops the bulk act under the cursor; what it has done stays done. Asks first.",
        key="X",
        label="stop",
        id="stop_bulk",
        does="stop the bulk act",
        nothing="no act is selected.",
        title="Stop act {subject}",
        button="Stop the act",
        screens=frozenset({"acts"}),
        keep="Let it go on",
    )

    act: Annotated[int, Input(kind=Kind.ACT, positional=True, example="{subject}")]
