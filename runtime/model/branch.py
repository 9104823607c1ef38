"""A branch of a run: the path of one token, and every visit and attempt on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import field

from runtime.model.moment import Moment
from runtime.model.record import Record
from runtime.model.status import BranchStatus, ObservationState, StartFact


class Failure(Record, frozen=True):
    """The stored record of what went wrong."""

    type: str
    message: str
    at: Moment
    details: Any = None
    retryable: bool = True


class Cancel(Record, frozen=True):
    """A cancel owed to an external system until it answers."""

    requested_at: Moment
    tries: int = 0
    next_at: Moment | None = None
    confirmed_at: Moment | None = None
    problem: str | None = None
    unable_at: Moment | None = None
    """When it turned out that nobody can carry it out; `problem` says why. The work may still run."""

    @property
    def pending(self) -> bool:
        """Whether it is still to be carried out."""
        return self.confirmed_at is None and self.unable_at is None


class Observation(Record, frozen=True):
    """How well the external work is seen: state, when last seen, polls missed in a row."""

    state: ObservationState = ObservationState.FRESH
    seen_at: Moment | None = None
    missed: int = 0


class Attempt(Record, frozen=True):
    """One start of one task."""

    attempt: int
    idempotency_key: str
    external_system: str
    target: str
    requested_at: Moment
    status: BranchStatus = BranchStatus.STARTING
    started_at: Moment | None = None
    ended_at: Moment | None = None
    external_id: str | None = None
    failure: Failure | None = None
    progress: float | None = None
    note: str | None = None
    doubt: str | None = None
    """Why the last answer of the system may not mean that the work goes on."""
    cancel: Cancel | None = None
    start: StartFact = StartFact.INTENDED
    """What is known of whether it was started."""


class StepVisit(Record, frozen=True):
    """One entry of a step on a branch; visits are counted per step and run, from 1."""

    step_id: str
    visit: int
    entered_at: Moment
    status: BranchStatus = BranchStatus.PENDING
    ended_at: Moment | None = None
    attempts: tuple[Attempt, ...] = ()
    result: Any = None
    recorded: bool = False
    """The step's own work came to its end and `result` holds what it gave, even if that is null."""
    failure: Failure | None = None
    due_at: Moment | None = None
    """When an open timer fires; fixed once."""
    event: str | None = None
    """Name of the awaited event."""
    budget_from: int = 1
    """Number of the attempt at which the present budget of automatic attempts began."""
    budget_at: Moment | None = None
    """When that budget began; scheduleToClose counts from it."""
    settled: tuple[tuple[str, int], ...] = ()
    """What a join consumed: branch id and index into that branch's `steps`, in branch order."""
    settled_items: str | None = None
    """Prefix of the item branches of the dynamic fork just before this step."""
    items: int | None = None
    """How many items a dynamic fork has."""
    read_at: int = 0
    """Version of the state when its last attempt began, or it was entered."""
    read: Mapping[str, int | float] = field(default_factory=dict)
    """What it read then of the keys that are merged: a number, or how long a list was."""


class Branch(Record, frozen=True):
    """The path of one token from a fork to its join, stored as a document of its own."""

    run_id: str
    id: str
    seq: int
    """Creation order within the run, from 0."""
    step_id: str
    created_at: Moment
    parent: str | None = None
    fork: str = ""
    """The fork it belongs to, `<parent>/<fork step>.<visit>`; empty for `main`."""
    kind: str = "root"
    """root, fork, join (a token a join made inside its fork) or item (of a dynamic fork)."""
    index: int | None = None
    item: Any = None
    status: BranchStatus = BranchStatus.PENDING
    visit: int = 0
    """Visit of the current step; 0 while the token stands at a join that has not fired."""
    steps: tuple[StepVisit, ...] = ()
    joined: bool = False
    """Its token came out of a join; it leaves the fork once no other token of the fork is left."""
    open_fork: str | None = None
    """The fork this branch opened and waits behind."""
    consumed_by: str | None = None
    """The firing that consumed its token, `<join step>@<visit>`."""
    cancelled_by: str | None = None
    """The join, `<join step>@<visit>` or `<join step>` for failFast, that cancelled it."""
    observation: Observation | None = None
    last_poll_failure: Failure | None = None
    last_polled_at: Moment | None = None
    next_poll_at: Moment | None = None
    polls: int = 0
    calls: int = 0
    """Calls of every kind in the poll ledger so far."""
    poll_streak: int = 0
    """Polls of the present attempt, for backoff."""
    retry_at: Moment | None = None
    expired: bool = False
    """A timeout of the present step expired."""
    held_by: str | None = None
    acknowledged: str | None = None

    @property
    def current(self) -> StepVisit | None:
        """The visit the token is on, or None while it stands at a join."""
        if self.steps:
            last = self.steps[-1]
            if last.visit == self.visit and last.step_id == self.step_id:
                return last
        index = self.current_index
        return None if index is None else self.steps[index]

    @property
    def current_index(self) -> int | None:
        """Where the current visit stands in `steps`; None while the token stands at a join."""
        if self.visit:
            steps = self.steps
            last = steps[-1] if steps else None
            if last is not None and last.visit == self.visit and last.step_id == self.step_id:
                return len(steps) - 1
            for index in range(len(self.steps) - 1, -1, -1):
                visit = self.steps[index]
                if visit.visit == self.visit and visit.step_id == self.step_id:
                    return index
        return None
