"""Jobs the queue believes us to do though we do not: their end could not be told while the database was away."""

from __future__ import annotations

import asyncio

from runtime.scheduler.cluster.leased_runs import OfferedSource
from runtime.scheduler.cluster.queue import Queue
from runtime.store.postgres.cluster import Cluster


class LostJobs:
    """Ends jobs that belong to nothing we do: else they lock their runs for ever."""

    def __init__(self, cluster: Cluster, queue: Queue, source: OfferedSource) -> None:
        self._cluster, self._queue, self._source = cluster, queue, source
        self._before: set[int] = set()

    async def end(self) -> None:
        """End those that were lost at the last look already; between the two they may have been on their way."""
        number = self._queue.number
        if number is None:
            return
        ours = [*self._source.in_hand, *self._queue.not_begun]
        left = await asyncio.to_thread(self._cluster.jobs_left, number, ours)
        lost = left & self._before
        self._before = left - lost
        if lost:
            await asyncio.to_thread(self._cluster.end_jobs, sorted(lost))
