"""Start: runs of a workflow begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from runtime.acts.base import Input, Json, Kind, OnScreen, StoreAct


class NewRun(msgspec.Struct, frozen=True):
    """One run to start: its id (None: made up), state and labels."""

    id: str | None = None
    state: Mapping[str, Json] = {}
    labels: Mapping[str, str] = {}


class Start(StoreAct, frozen=True, kw_only=True):
    """Start a run of a workflow, by name or flow file."""

    verb: ClassVar[str] = "start"
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Starts a run of a workflow, with a form made from its state schema. Asks first.",
        key="ctrl+n",
        label="start",
        keep="Not now",
    )

    flow: Annotated[str, Input(positional=True)]
    state: Mapping[str, Json] = {}
    run_id: Annotated[str | None, Input(option="id", help="Id of the run; with --count its beginning.")] = None
    labels: Mapping[str, str] = {}
    simulate: Annotated[bool, Input(kind=Kind.FLAG, help="Bind every unbound task to the simulated system.")] = False
    count: int | None = None
    """So many runs at once, `ID-0001`..."""
    each: tuple[NewRun, ...] | None = None
    """One run for each of these."""
