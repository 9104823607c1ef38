"""What a task is asked and what it may answer.

These are the words task code and external systems share with the engine (docs/authoring.md, In Python).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Settled:
    """What one joined branch came to, as a join step sees it."""

    branch_id: str
    step_id: str
    status: str
    result: Any = None
    failure: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """All that the start, poll, cancel or logs of one task may know."""

    run_id: str
    flow_id: str
    step_id: str
    branch_id: str
    visit: int
    attempt: int
    idempotency_key: str
    now: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    item: Any = None
    index: int | None = None
    settled: Sequence[Settled] = ()
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The work was accepted; `external_id` names it from now on."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Running:
    """The work goes on; `progress` runs from 0 to 1."""

    progress: float | None = None
    note: str | None = None
    doubt: str | None = None
    """Why it may not be so after all: what the system said is not known to mean that."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The work ended well; `state` is a shallow change of the run's state."""

    result: Any = None
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The work ended badly; a retryable failure may use another attempt."""

    message: str
    type: str = "TaskFailed"
    details: Any = None
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class Lost:
    """The external system does not know the work."""


Outcome = Started | Running | Completed | Failed | Lost
