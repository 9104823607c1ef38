"""What one worker holds of what all workers share: jobs of the queue, leased runs, places for calls."""

from __future__ import annotations

import time

from runtime.scheduler.cluster.leased_runs import RENEW_SECONDS, LeasedRuns
from runtime.scheduler.cluster.lost_jobs import LostJobs
from runtime.scheduler.cluster.queue import Queue
from runtime.scheduler.cluster.shared_limits import SharedLimits
from runtime.store.postgres.cluster import Cluster


class Holdings:
    """Renewed together while the worker is alive, and dropped together when others have taken over."""

    def __init__(self, cluster: Cluster, queue: Queue, runs: LeasedRuns, limits: SharedLimits) -> None:
        self.queue = queue
        self.runs = runs
        self._limits = limits
        self._lost_jobs = LostJobs(cluster, queue, runs)
        self._renewed_at = time.monotonic()

    def renew_soon(self) -> None:
        """Renew with the next heartbeat, because it is not known what was lost meanwhile."""
        self._renewed_at = 0.0

    async def renew(self, busy: frozenset[str]) -> None:
        """End jobs that were lost, and renew leases and places when it is time; `busy` runs have calls under way."""
        await self._lost_jobs.end()
        if time.monotonic() - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = time.monotonic()
            await self.runs.renew(busy)
            await self._limits.renew()

    def end_jobs_of_leased_runs(self) -> None:
        """End the jobs of the leased runs: the queue may hand them out again."""
        self.runs.end_jobs(self.runs.leased)

    def drop(self) -> None:
        """Drop everything: other workers have it now."""
        self.runs.end_jobs()
        self._limits.forget()
