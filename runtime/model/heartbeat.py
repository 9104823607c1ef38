"""The heartbeat of a scheduler, or of all workers of a store together: who drives it, how late, how many wakes.

Whoever drives a store writes it every few seconds; consoles, `why` and `doctor` read it. A heartbeat only informs:
the right to drive is a lock (docs/semantics.md, Schedulers). Older schedulers wrote fewer fields, so
each has a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import field

from runtime.model.codec import to_document
from runtime.model.moment import Moment
from runtime.model.record import Record


class QueueState(Record, frozen=True):
    """The queue that workers of one store share."""

    depth: float = 0
    """Wakes offered and not yet taken."""
    due: float = 0
    """Runs that are due and that nobody works on."""
    oldest_due_s: float = 0.0
    """For how many seconds the first of them has been due."""


class WorkerState(Record, frozen=True):
    """One worker of many, as the worker that leads saw it."""

    name: str = "?"
    silent_s: float = 0.0
    """Seconds since it was heard of."""
    pid: int | None = None
    host: str | None = None
    wakes_per_second: float | None = None
    leased: int | None = None
    """Runs it holds now."""
    in_flight: int | None = None
    leads: bool | None = None
    attached: bool | None = None
    systems: tuple[str, ...] | None = None
    """External systems it reaches; None: all."""


class Heartbeat(Record, frozen=True):
    """What drives a store, at `beat_at`."""

    pid: int | None = None
    host: str | None = None
    started_at: Moment | None = None
    beat_at: Moment | None = None
    epoch: int | None = None
    """Counts the schedulers that have driven an embedded store; None for workers."""
    wakes: int = 0
    """Since it was started."""
    wakes_per_second: float = 0.0
    rates: tuple[float, ...] = ()
    """Wakes a second at the last heartbeats, oldest first."""
    lateness_s: float = 0.0
    """Median of how long after they were due the last runs were woken, in seconds."""
    lateness_p99_s: float = 0.0
    in_flight: int = 0
    """Calls under way."""
    stuck_threads: int = 0
    attached: bool | None = None
    """It serves consoles and ends when the last is gone; None where that is said of each worker."""
    due: int = 0
    """Runs that are due and wait to be moved, and calls that wait for a place."""
    oldest_due_s: float = 0.0
    """For how many seconds the one that waits longest has been due."""
    slowest: str = ""
    """The system and target for which calls wait longest; where none wait, whose calls take longest."""
    queue: QueueState | None = None
    workers: tuple[WorkerState, ...] | None = None
    """The workers that share the store; None where one scheduler drives it alone."""
    stopped: bool = False
    moved_to: str | None = None
    """Where the runs of the store were moved; said by who reads it, never stored with it."""


class TargetCalls(Record, frozen=True):
    """Calls to one target of an external system over the last five minutes."""

    calls: int
    failed: int
    """Calls that could not reach it."""
    failed_last: bool = False
    p50_ms: float | None = None
    p95_ms: float | None = None
    seconds: float | None = None
    """How long it has been counted for; at most five minutes."""


class WorkerReport(Record, frozen=True):
    """What a worker tells the others beside its heartbeat."""

    leased: int = 0
    leads: bool = False
    systems_reached: tuple[str, ...] | None = None
    """External systems it reaches; None: all."""
    systems: Mapping[str, TargetCalls] = field(default_factory=dict)
    durations: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Seconds of the last completed attempts by `workflow/step`, oldest first."""
    call_seconds: float | None = None
    """The longest a call of it may take."""
    machine: str = ""
    """The machine since it was started, and the space its `pid` counts in; empty if that cannot be known."""


LEFT_OUT = ("epoch", "attached", "queue", "workers", "moved_to")
"""Fields that a heartbeat is written without where they are None."""


def heartbeat_document(beat: Heartbeat) -> dict[str, Any]:
    """A heartbeat as it is stored and as the command line shows it."""
    document = to_document(beat)
    for name in ("started_at", "beat_at"):
        moment = getattr(beat, name)
        document[name] = None if moment is None else moment.isoformat()
    return {name: value for name, value in document.items() if value is not None or name not in LEFT_OUT}
