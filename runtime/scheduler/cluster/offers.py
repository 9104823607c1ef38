"""Offers the due runs of the store to all workers, through the queue."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.scheduler.cluster.queue import defer_wakes
from runtime.scheduler.upkeep.stored_acts import acts_are_stored
from runtime.store.ports.store import Store
from runtime.store.postgres.cluster import Cluster

OFFER_SECONDS = 0.2
LEAST_SECONDS = 0.05
"""Runs that are due next bring the next offer forward, but never nearer than this."""
DEPTH_PER_WORKER = 200


class Offers:
    """Every worker offers; the store lets one at a time."""

    def __init__(self, store: Store, cluster: Cluster, reach: Sequence[str] | None) -> None:
        """Offer runs of the external systems in `reach`; None: of all."""
        self._store = store
        self._cluster = cluster
        self._reach = reach

    def offer(self, workers: int) -> None:
        """Offer due runs, so many that as many workers have enough to do; raises StoreUnavailable."""
        self._cluster.offer(defer_wakes, depth=DEPTH_PER_WORKER * max(1, workers), reach=self._reach)

    def seconds_to_next(self) -> float:
        """The seconds until the next offer."""
        soon = self._cluster.next_offer_seconds()
        return OFFER_SECONDS if soon is None else min(OFFER_SECONDS, max(LEAST_SECONDS, soon))

    def exhausted(self) -> bool:
        """Whether no run will ever be due and no act is stored."""
        return self._store.due_runs.next_wake() is None and not acts_are_stored(self._store.acts)
