"""What the documents of each table are: records of the model, and the few shapes that only a store knows."""

from __future__ import annotations

from typing import Any

from runtime.model.act import Act, Hold
from runtime.model.branch import Branch
from runtime.model.facts import KNOWN
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


class StoredFact(Record, frozen=True):
    """One fact about the store."""

    key: str
    value: Any


FACTS: dict[str, Any] = {fact.key: fact.kind | None for fact in KNOWN}
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
    "meta": StoredFact,
    "questions": Question,
}
