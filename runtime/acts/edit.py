"""Edit: the state of a run is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from runtime.acts.base import Input, Json, Kind, OnScreen, RunAct
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import edit_state
from runtime.errors import Refused
from runtime.model.branch import Branch


class Edit(RunAct, frozen=True, kw_only=True):
    """Replace the state; the act keeps the old one."""

    verb: ClassVar[str] = "edit"
    bulk: ClassVar[bool] = True
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Edits the state in $EDITOR; a dialog shows the difference before it is saved.",
        key="E",
        screens=frozenset({"runs"}),
        does="edit the state",
        alone=True,
        title="Save the state of {run}",
        button="Save the state",
        keep="Not now",
    )

    state: Annotated[Json, Input(kind=Kind.JSON, help="JSON or @file.", required=True)]
    was: Mapping[str, Json] | None = None
    """The state the editor began with; refused if it is another by now."""

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Replace the state; it is checked against the schema of the flow."""
        if self.was is not None and dict(draft.state) != dict(self.was):
            raise Refused(f"Not saved: the state of {draft.run.id} was changed by others while it was edited.")
        return edit_state(draft, self.state)

    def before(self, draft: Draft) -> Mapping[str, Json]:
        """The old state, whole."""
        return {"state": dict(draft.state)}

    def recorded(self) -> Mapping[str, Json]:
        """The new state; the old one is what the record has of the run before."""
        return {"state": self.state}

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Self:
        """The state as it is."""
        return cls(state=draft.state)
