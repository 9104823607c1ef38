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
    begins_store: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Starts a run of a workflow, with a form made from its state schema. Asks first.",
        key="ctrl+n",
        label="start",
        keep="Not now",
    )

    flow: Annotated[str, Input(positional=True, example="{subject}")]
    state: Annotated[
        Mapping[str, Json], Input(kind=Kind.OBJECT, help="JSON object or @file, over the defaults and globalState.")
    ] = {}
    run_id: Annotated[str | None, Input(option="id", help="Id of the run; with --count its beginning.")] = None
    labels: Annotated[Mapping[str, str], Input(option="label", kind=Kind.LABELS, shown="K=V")] = {}
    simulate: Annotated[bool, Input(kind=Kind.FLAG, help="Bind every unbound task to the simulated system.")] = False
    count: Annotated[int | None, Input(kind=Kind.COUNT, help="So many runs at once.")] = None
    each: Annotated[
        tuple[NewRun, ...] | None, Input(kind=Kind.RUNS, shown="FILE", help="One run for each line of a file.")
    ] = None
