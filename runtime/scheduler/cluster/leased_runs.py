"""Runs that the queue hands to this worker: leased before they are moved, given back when nothing is under way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from runtime.model.stored import Stored
from runtime.store.ports.due_runs import DueRuns
from runtime.store.postgres.cluster import Cluster

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 20.0


class LeasedRuns:
    """Between the wake task of the queue and the wake loop of one worker."""

    def __init__(self, due_runs: DueRuns, cluster: Cluster, now: Callable[[], datetime]) -> None:
        self._due_runs = due_runs
        self._cluster = cluster
        self._now = now
        self._offered: deque[tuple[str, asyncio.Future[None]]] = deque()
        """Runs the queue handed to this worker and the wake loop has not taken; each job ends with its future."""
        self._taken: dict[str, list[asyncio.Future[None]]] = {}
        """The jobs of runs the wake loop has taken."""
        self._leased: set[str] = set()
        self._unanswered: set[str] = set()
        """Runs whose lease was asked for and not answered: the store may count them as leased by this worker."""
        self._leasing = asyncio.Lock()
        self.routed = False
        """Some worker does not reach every external system, so that it matters which worker gets a run."""
        self.came = asyncio.Event()
        """Set when the queue hands a run to this worker."""

    @property
    def leased(self) -> frozenset[str]:
        """Runs this worker has leased."""
        return frozenset(self._leased)

    @property
    def in_hand(self) -> list[str]:
        """Runs whose jobs have not ended."""
        return [*self._taken, *(run_id for run_id, _ in self._offered)]

    @property
    def waiting(self) -> int:
        """Number of wakes the queue handed to this worker and the wake loop has not taken yet."""
        return len(self._offered)

    async def wake(self, run_id: str) -> None:
        """The wake task: hand a run to the wake loop, and wait until it was moved once and saved.

        Never raises for a run: what goes wrong with it is saved with it, and a wake that was not carried out is
        offered again, because the run is still due.
        """
        job: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._offered.append((run_id, job))
        self.came.set()
        await job

    async def due(self, now: datetime, limit: int, exclude: frozenset[str]) -> list[str]:
        """The runs the queue handed to this worker, less those another worker has leased."""
        self.came.clear()
        wanted: dict[str, list[asyncio.Future[None]]] = {}
        while self._offered and len(wanted) < limit:
            run_id, job = self._offered.popleft()
            if run_id in exclude:
                job.set_result(None)
            else:
                wanted.setdefault(run_id, []).append(job)
        if not wanted:
            return []
        for run_id, jobs in wanted.items():
            self._taken.setdefault(run_id, []).extend(jobs)
        try:
            async with self._leasing:
                now = self._now()
                got = await asyncio.to_thread(self._due_runs.claim, list(wanted), self._cluster.owner, now, now + LEASE)
                self._leased |= set(got)
        except BaseException:
            self._unanswered |= wanted.keys()
            self.end_jobs(list(wanted))
            raise
        self.end_jobs([run_id for run_id in wanted if run_id not in self._leased])
        return got

    async def moved(self, idle: Mapping[str, Stored], elsewhere: Mapping[str, str], busy: Collection[str]) -> None:
        """Give back what is idle, with the external system its next wake needs; end the jobs of all."""
        try:
            async with self._leasing:  # A renewal in between would lease them for nobody.
                if elsewhere:
                    await asyncio.to_thread(self._cluster.hand_on, elsewhere)
                back = [run_id for run_id in idle if run_id not in elsewhere]
                if back:
                    if self.routed:
                        await asyncio.to_thread(self._cluster.set_routes, {i: next_system(idle[i]) for i in back})
                    await asyncio.to_thread(self._due_runs.release, back, self._cluster.owner)
                self._leased -= set(idle)
        finally:
            self.end_jobs([*idle, *busy])

    async def renew(self, busy: frozenset[str]) -> None:
        """Renew the leases of what is under way, and give back what the store, being away, did not take back."""
        async with self._leasing:
            kept = busy | self._taken.keys()
            self._unanswered |= self._leased
            self._unanswered -= kept
            self._leased &= kept
            if self._leased:
                now = self._now()
                renewed = await asyncio.to_thread(
                    self._due_runs.claim, sorted(self._leased), self._cluster.owner, now, now + LEASE
                )
                self._leased &= set(renewed)
            if self._unanswered:
                await asyncio.to_thread(self._due_runs.release, sorted(self._unanswered), self._cluster.owner)
                self._unanswered.clear()

    def end_jobs(self, run_ids: Collection[str] | None = None) -> None:
        """End the jobs of these runs, or of all: the queue may hand them out again."""
        if run_ids is None:
            ended = [job for jobs in self._taken.values() for job in jobs] + [job for _, job in self._offered]
            self._taken.clear()
            self._offered.clear()
            self._leased.clear()
            self._unanswered.clear()
        else:
            ended = [job for run_id in run_ids for job in self._taken.pop(run_id, ())]
        for job in ended:
            if not job.done():
                job.set_result(None)


def next_system(stored: Stored) -> str:
    """The external system the next call of a run goes to; empty if none is known."""
    soonest: tuple[datetime, str] | None = None
    for branch in stored.branches.values():
        visit = branch.current
        at = branch.next_poll_at or branch.retry_at
        if visit is None or not visit.attempts or at is None:
            continue
        name = visit.attempts[-1].external_system
        if name not in ("local", "python") and (soonest is None or at < soonest[0]):
            soonest = (at, name)
    return soonest[1] if soonest else ""
