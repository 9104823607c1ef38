"""What the documents of each table are: records of the model, and the few shapes that only a store knows."""

from __future__ import annotations

from typing import Any

from msgspec import field

from runtime.model.act import Act, Hold
from runtime.model.branch import Branch
from runtime.model.moment import Moment
from runtime.model.question import Question
from runtime.model.record import Record
from runtime.model.run import Firing, HistoryEntry, Poll, Run


class HistoryBlock(Record, frozen=True):
    """Entries that one save wrote."""

    run_id: str
    entries: list[HistoryEntry]
    entries_n: int = 0


class PollRow(Poll, frozen=True):
    """A poll as it is stored: with its run."""

    run_id: str = ""


class ScheduleState(Record, frozen=True):
    """Whether a schedule is on, and how far it came."""

    workflow: str
    enabled: bool = False
    enabled_at: Moment | None = None
    last_tick: Moment | None = None
    queued: Moment | None = None


class StoredFlow(Record, frozen=True):
    """A flow by its content hash."""

    hash: str
    source: dict[str, Any]
    workflow: str = ""


class Fact(Record, frozen=True):
    """One fact about the store."""

    key: str
    value: Any


class WorkerSeen(Record, frozen=True):
    """One worker in a heartbeat."""

    name: str = ""
    host: str | None = None
    systems: list[str] | None = None


class Home(Record, frozen=True):
    """Where the local work of a system lies."""

    host: str
    directory: str


class Beat(Record, frozen=True):
    """What readers of a heartbeat rely on."""

    beat_at: Moment | None = None
    started_at: Moment | None = None
    host: str | None = None
    pid: int | None = None
    stopped: bool = False
    lateness_s: float | None = None
    rates: list[float] = field(default_factory=list)
    workers: list[WorkerSeen] | None = None


class SystemCalls(Record, frozen=True):
    """Calls to one target lately."""

    calls: int
    failed: int
    seconds: float | None = None
    p95_ms: float | None = None


HOME = "home:"
"""How the keys of facts about homes begin."""
FACTS: dict[str, Any] = {
    "scheduler": Beat | None,
    "systems": dict[str, SystemCalls] | None,
    "durations": dict[str, list[float]] | None,
    "epoch": int,
    "moved_to": str | None,
    "copied": str | None,
}
"""What the values of known facts are, by key."""

KINDS: dict[str, type[Any]] = {
    "runs": Run,
    "branches": Branch,
    "joins": Firing,
    "history": HistoryBlock,
    "polls": PollRow,
    "acts": Act,
    "holds": Hold,
    "schedules": ScheduleState,
    "flows": StoredFlow,
    "meta": Fact,
    "questions": Question,
}
