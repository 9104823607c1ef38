"""Numbers of a whole store, read beside the work so that a scrape costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from runtime.model.heartbeat import QueueState
from runtime.store.ports.store import Store

MOST_DUE = 10_000


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
        first = store.due_runs.next_wake(busy)
        due, depth = len(store.due_runs.due(now, MOST_DUE, busy)), None
        oldest = max(0.0, (now - first).total_seconds()) if first is not None else 0.0
    return StoreGauges(store.listing.counts(), attention(), due, oldest, len(store.holds.all()), depth, time.time())
