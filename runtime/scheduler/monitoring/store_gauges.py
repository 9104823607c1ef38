"""Numbers of a whole store, read beside the work so that a scrape costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from runtime.model.heartbeat import QueueState
from runtime.store.ports.due_runs import DueRuns
from runtime.store.ports.store import Store


class Backlog(NamedTuple):
    """Runs that are due and that nobody moves yet."""

    due: int
    oldest_due_s: float
    """For how many seconds the first of them has been due; 0 if there is none."""


def backlog_of(due_runs: DueRuns, now: datetime, busy: frozenset[str]) -> Backlog:
    """What is due in a store besides `busy` runs, which are being moved; raises StoreUnavailable."""
    count = due_runs.count_due(now)
    first = due_runs.next_wake(busy) if count else None
    if first is None or first > now:
        return Backlog(0, 0.0)
    # Nearly all busy runs are due: they stay so until their calls have been saved.
    return Backlog(max(1, count - len(busy)), (now - first).total_seconds())


@dataclass(frozen=True, slots=True)
class StoreGauges:
    """What was in the store at one moment."""

    runs: Mapping[str, int]
    """By status."""
    attention: int
    due: int
    oldest_due_seconds: float
    holds: int
    queue_depth: int | None
    """Only where wakes travel through a queue."""
    read_at: float
    """In seconds since 1970."""


def read_gauges(
    store: Store,
    now: datetime,
    attention: Callable[[], int],
    queue: Callable[[], QueueState] | None = None,
    busy: frozenset[str] = frozenset(),
) -> StoreGauges:
    """Read the gauges of a store; raises StoreUnavailable.

    `attention` counts the runs an operator should look at; `queue` gives what waits where many workers share a
    store; `busy` names runs that are being moved.
    """
    if queue is not None:
        waiting = queue()
        due, oldest, depth = int(waiting.due), waiting.oldest_due_s, int(waiting.depth)
    else:
        (due, oldest), depth = backlog_of(store.due_runs, now, busy), None
    return StoreGauges(store.listing.counts(), attention(), due, oldest, len(store.holds.all()), depth, time.time())
