"""Jobs the queue still counts as being done by this worker: it ended them while the database was away."""

from __future__ import annotations

import asyncio

from runtime.scheduler.cluster.leased_runs import LeasedRuns
from runtime.scheduler.cluster.queue import Queue
from runtime.store.postgres.cluster import Cluster


class LostJobs:
    """Ends jobs of runs this worker does not have in hand: else they lock these runs for ever."""

    def __init__(self, cluster: Cluster, queue: Queue, runs: LeasedRuns) -> None:
        self._cluster = cluster
        self._queue = queue
        self._runs = runs
        self._unknown_before: set[int] = set()

    async def end(self) -> None:
        """End the jobs that were unknown at the last look already; one seen for the first time may be on its way."""
        number = self._queue.number
        if number is None:
            return
        known = [*self._runs.in_hand, *self._queue.not_begun]
        unknown = await asyncio.to_thread(self._cluster.jobs_left, number, known)
        lost = unknown & self._unknown_before
        self._unknown_before = unknown - lost
        if lost:
            await asyncio.to_thread(self._cluster.end_jobs, sorted(lost))
