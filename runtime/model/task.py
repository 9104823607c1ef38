"""What a task is asked and what it may answer.

These are the words task code and external systems share with the engine (docs/authoring.md, In Python).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec


class Settled(msgspec.Struct, frozen=True):
    """What one joined branch came to, as a join step sees it."""

    branch_id: str
    step_id: str
    status: str
    result: Any = None
    failure: Mapping[str, Any] | None = None


class TaskRequest(msgspec.Struct, frozen=True):
    """All that the start, poll, cancel or logs of one task may know."""

    run_id: str
    flow_id: str
    step_id: str
    branch_id: str
    visit: int
    attempt: int
    idempotency_key: str
    now: datetime
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    state: Mapping[str, Any] = msgspec.field(default_factory=dict)
    results: Mapping[str, Any] = msgspec.field(default_factory=dict)
    item: Any = None
    index: int | None = None
    settled: Sequence[Settled] = ()
    external_id: str | None = None


class Started(msgspec.Struct, frozen=True):
    """The work was accepted; `external_id` names it from now on."""

    external_id: str


class Running(msgspec.Struct, frozen=True):
    """The work goes on; `progress` runs from 0 to 1."""

    progress: float | None = None
    note: str | None = None
    doubt: str | None = None
    """Why it may not be so after all: what the system said is not known to mean that."""


class Completed(msgspec.Struct, frozen=True):
    """The work ended well; `state` is a shallow change of the run's state."""

    result: Any = None
    state: Mapping[str, Any] | None = None


class Failed(msgspec.Struct, frozen=True):
    """The work ended badly; a retryable failure may use another attempt."""

    message: str
    type: str = "TaskFailed"
    details: Any = None
    retryable: bool = True


class Lost(msgspec.Struct, frozen=True):
    """The external system does not know the work."""


Outcome = Started | Running | Completed | Failed | Lost
