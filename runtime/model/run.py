"""A run: one execution of a flow, with its joins, history and poll ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import field

from runtime.model.branch import Failure
from runtime.model.moment import Moment
from runtime.model.record import Record
from runtime.model.status import RunStatus


class KeyChange(Record, frozen=True):
    """Who last changed one key of a run's state."""

    version: int
    """Of the state: counted up by each step that changed it."""
    branch: str
    """Empty for an operator's edit."""
    step: str


class Run(Record, frozen=True):
    """The head of a run; branches, firings, history and polls are documents of their own."""

    id: str
    workflow: str
    flow_id: str
    flow_version: str
    flow_hash: str
    created_at: Moment
    updated_at: Moment
    status: RunStatus = RunStatus.PENDING
    revision: int = 0
    ended_at: Moment | None = None
    next_wake_at: Moment | None = None
    wake_reason: str = ""
    """What the next wake is for, like `poll send-email`."""
    state: Mapping[str, Any] = field(default_factory=dict)
    state_version: int = 0
    """How often the state was changed."""
    state_changed: Mapping[str, KeyChange] = field(default_factory=dict)
    """By key of the state, who changed it last."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """The state it was started with, before defaults."""
    labels: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    seed: int = 0
    birth: str = ""
    """Random characters made when the run was created; part of its idempotency keys. Empty in runs from before."""
    visits: Mapping[str, int] = field(default_factory=dict)
    """Visits counted so far, by step."""
    total_visits: int = 0
    next_seq: int = 0
    failure: Failure | None = None
    """What failed the run as a whole, like too many visits; a retry of the run clears it."""
    cause: Failure | None = None
    """Of a failed run: what it failed with, its own failure or the first of its branches."""
    failed_branches: int = 0
    branch_counts: Mapping[str, int] = field(default_factory=dict)
    strip: str = ""
    """One letter a leaf branch in flow order, nested forks in parentheses."""
    attention: int = 9
    """Rank in attention-first order, 0 the worst."""
    why: str = ""
    """Why it is not done, in a few words."""
    is_stale: bool = False
    is_lost: bool = False
    is_expired: bool = False
    is_late: bool = False
    """Some of its work takes longer than that step usually does."""
    strip_seen: tuple[tuple[float, float], ...] = ()
    """For each `#` in the strip: epoch seconds of the last answered poll, and the poll interval in seconds."""
    cancelled: bool = False
    held: bool = False
    """Some of its work was held at the last wake; a release wakes it."""
    restarted_from: str | None = None
    flow_file: str | None = None
    """Where its FlowJSON lay if it was started from a path; None for a workflow that is known by its name."""
    code_path: str | None = None
    code_hash: str | None = None
    acknowledged: str | None = None
    clock: int = 0
    """Number of the last setting of the wall clock that its moments were corrected for."""
    lease_owner: str | None = None
    lease_until: Moment | None = None

    @property
    def stands_still(self) -> bool:
        """Whether a hold keeps it, or some of its work, from going on until it is released."""
        return self.held or self.status is RunStatus.PAUSED


class Firing(Record, frozen=True):
    """One firing of a join: what it consumed and which branch carries its token on."""

    run_id: str
    step_id: str
    visit: int
    policy: str
    needed: int
    arrived: tuple[str, ...]
    failed: tuple[str, ...]
    cancelled: tuple[str, ...]
    token: str
    """Branch that carries the token on."""
    token_index: int
    """Index of the join step's visit in that branch's `steps`."""
    fired_at: Moment
    undone: bool = False


class HistoryEntry(Record, frozen=True):
    """One thing that happened to a run."""

    at: Moment
    kind: str
    message: str
    branch: str | None = None
    step: str | None = None
    attempt: int | None = None
    data: Mapping[str, Any] | None = None


class Poll(Record, frozen=True):
    """One call to the system of a branch, mostly a poll: what was answered and how it was read."""

    at: Moment
    branch: str
    attempt: int
    number: int
    """Counted per branch, from 1."""
    took_ms: float
    answer: str
    reading: str
    """running, completed, failed, lost or unreachable; of other verbs started, found, nothing or confirmed too."""
    next_poll_at: Moment | None = None
    verb: str = "poll"
    """start, find, poll or cancel."""
