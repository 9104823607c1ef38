"""Jobs of the queue taken and ended in batches: a statement for each would be most of what a wake costs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from runtime.store.postgres.queries import sql

END_SECONDS = 0.01
"""How long the end of a job waits for the ends of others."""


class BatchedJobs(JobManager):
    """The job manager of a worker that takes many jobs with one statement, in the order of the queue.

    Jobs taken and not begun belong to this worker like those it performs: they are ended when it stops, and their
    wakes, which are in the store, are offered again.
    """

    def __init__(self, connector: BaseConnector, batch: int) -> None:
        """At most `batch` jobs are taken with one statement."""
        super().__init__(connector)
        self._batch = batch
        self._ready: deque[Job] = deque()
        self._queue_was_emptied = False
        self._ended: dict[int, asyncio.Future[None]] = {}
        self._ending: asyncio.Task[None] | None = None

    @property
    def not_begun(self) -> list[str]:
        """Locks of the jobs that were taken and not begun."""
        return [str(job.lock) for job in self._ready]

    async def give_back(self) -> list[str]:
        """End the jobs that were taken and not begun; returns their locks."""
        left, self._ready = list(self._ready), deque()
        if left:
            await self.connector.execute_query_async(sql("end_jobs_by_id"), jobs=[job.id for job in left])
        return [str(job.lock) for job in left]

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job; None if the last statement emptied the queue."""
        if not self._ready and not self._queue_was_emptied:
            names = None if queues is None else list(queues)
            rows = await self.connector.execute_query_all_async(
                sql("fetch_jobs"), queues=names, worker_id=worker_id, most=self._batch
            )
            self._ready.extend(Job.from_row(row) for row in rows)
            self._queue_was_emptied = len(rows) < self._batch
        if self._ready:
            return self._ready.popleft()
        self._queue_was_emptied = False
        return None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job together with others that end at about the same time; one that is gone already is no error."""
        del status, delete_job
        assert job.id is not None
        ended = self._ended[job.id] = asyncio.get_running_loop().create_future()
        if self._ending is None or self._ending.done():
            self._ending = asyncio.ensure_future(self._end())
        await ended

    async def _end(self) -> None:
        while self._ended:
            await asyncio.sleep(END_SECONDS)
            batch, self._ended = self._ended, {}
            try:
                await self.connector.execute_query_async(sql("end_jobs_by_id"), jobs=list(batch))
            except Exception as problem:
                for ended in batch.values():
                    if not ended.done():
                        ended.set_exception(problem)
            else:
                for ended in batch.values():
                    if not ended.done():
                        ended.set_result(None)
