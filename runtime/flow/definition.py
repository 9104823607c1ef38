"""A flow as the engine sees it: plain frozen records made from FlowJSON, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class RetryPolicy(msgspec.Struct, frozen=True):
    """Automatic attempts; `maximum_attempts` counts the first, intervals are seconds."""

    maximum_attempts: int = 1
    initial_interval: float = 1.0
    backoff_coefficient: float = 2.0
    maximum_interval: float | None = None
    non_retryable: tuple[str, ...] = ()


class PollPolicy(msgspec.Struct, frozen=True):
    """When to poll; intervals are seconds, jitter a fraction of the interval from 0 to 1."""

    interval: float = 30.0
    backoff_coefficient: float = 1.0
    maximum_interval: float | None = None
    jitter: float = 0.0


class TimeoutPolicy(msgspec.Struct, frozen=True):
    """Seconds one attempt (start to close) and all attempts (schedule to close) may take."""

    start_to_close: float | None = None
    schedule_to_close: float | None = None


class JoinPolicy(msgspec.Struct, frozen=True):
    """allSettled, all, failFast or atLeast (with `n`)."""

    kind: str = "allSettled"
    n: int = 0

    def __str__(self) -> str:
        return f"atLeast {self.n}" if self.kind == "atLeast" else self.kind


class Connection(msgspec.Struct, frozen=True):
    """A way from one step to another."""

    id: str
    source: str
    target: str
    condition: str | None = None


class Step(msgspec.Struct, frozen=True):
    """A node of a flow with its settings from `metadata`."""

    id: str
    name: str
    type: str
    """begin, end, task, decision, resumeAfter or waitForEvent."""
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Params with the defaults of `paramsSchema` filled in."""
    duration: str = ""
    event: str = ""
    event_schema: Mapping[str, Any] | None = None
    """Schema of the event's payload: eventOutputSchema, else eventInputSchema."""
    task: Mapping[str, Any] | None = None
    retry: RetryPolicy = RetryPolicy()
    poll: PollPolicy = PollPolicy()
    timeout: TimeoutPolicy = TimeoutPolicy()
    join: JoinPolicy = JoinPolicy()
    for_each: str | None = None
    result_schema: Mapping[str, Any] | None = None
    assign: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Expressions by key of the state, set when the step completes."""
    owner: str = ""
    runbook: str = ""


class Flow(msgspec.Struct, frozen=True):
    """One version of a flow."""

    id: str
    name: str
    version: str
    hash: str
    """SHA-256 of the canonical FlowJSON, hex."""
    state_schema: Mapping[str, Any]
    global_state: Mapping[str, Any]
    steps: tuple[Step, ...]
    connections: tuple[Connection, ...]
    schedule: Mapping[str, Any] | None = None
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    retention: str = ""
    merge: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By key of the state how a change is merged with another branch's: replace, append, add or deep."""
    source: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The FlowJSON itself."""
