"""Acts of operators, and the holds they set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from runtime.model.clock_setting import moved
from runtime.model.moment import Moment
from runtime.model.record import Record
from runtime.model.target import in_scope


class Actor(Record, frozen=True):
    """Who acts: the name shown, and where it came from."""

    name: str
    source: str = "cli"
    """console, cli or scheduler."""
    uid: int | None = None
    ssh: str | None = None


class ActState(StrEnum):
    """What came of an act."""

    PENDING = "pending"
    """It was stored and not begun; until it is due it can be undone."""
    RUNNING = "running"
    CARRIED_OUT = "carried out"
    REFUSED = "refused"
    STOPPED = "stopped"
    UNDONE = "undone"
    DAMAGED = "damaged"
    """Its record cannot be read; the detail says why."""

    @property
    def open(self) -> bool:
        """Whether more may come of it."""
        return self in (ActState.PENDING, ActState.RUNNING)


def outcome(state: ActState, detail: str = "") -> str:
    """The text under which a state is stored, with what is to be said besides: `refused: it was paused`."""
    return f"{state}: {detail}" if detail else state.value


class Act(Record, frozen=True):
    """Something an operator did, with actor, reason and what it changed."""

    id: int
    at: Moment
    due_at: Moment
    actor: str
    source: str
    verb: str
    target: str
    reason: str = ""
    arguments: Mapping[str, Any] | None = None
    saw: Mapping[str, Any] | None = None
    """Run status, branch status and attempt the operator saw."""
    before: Any = None
    after: Any = None
    outcome: str = ActState.PENDING.value
    """`state`, and after a colon `detail`."""
    uid: int | None = None
    ssh: str | None = None

    @property
    def state(self) -> ActState:
        """What came of it."""
        word = self.outcome.partition(": ")[0]
        return next((state for state in ActState if state == word), ActState.DAMAGED)

    @property
    def detail(self) -> str:
        """Why it was refused or stopped, or what is damaged; empty where the state says all."""
        return self.outcome if self.state is ActState.DAMAGED else self.outcome.partition(": ")[2]


class Hold(Record, frozen=True):
    """A durable stop over a scope: `all`, `system=NAME[:TARGET]`, `flow=NAME` or `run=ID`."""

    scope: str
    actor: str
    at: Moment
    reason: str = ""
    clocks: str = "stop"
    """stop: timeouts stand still; run: they go on."""
    released_at: Moment | None = None
    """Released holds are kept so that the clocks they stopped stay right."""
    clock_s: float = 0.0
    """By how many seconds the wall clock was set forward since `at`."""

    @property
    def since(self) -> datetime:
        """When it was set, as the clock would tell it now."""
        return moved(self.at, self.clock_s)

    def covers(self, *, run_id: str, workflow: str, flow_id: str, system: str = "", target: str = "") -> bool:
        """Whether work of this run, on this system and target, is in scope."""
        kind, _, name = self.scope.partition("=")
        if kind == "all":
            return True
        if kind == "run":
            return name == run_id
        if kind == "flow":
            return name in (workflow, flow_id)
        return in_scope(name, system, target)
