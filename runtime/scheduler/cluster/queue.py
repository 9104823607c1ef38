"""The queue that hands due runs to workers: procrastinate, one job per wake, lock = run id."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import get_channel_for_queues
from procrastinate.worker import Worker as QueueWorker

from runtime.logs import get_logger
from runtime.scheduler.cluster.batched_jobs import BatchedJobs
from runtime.store.postgres.database import Connection, said, silence
from runtime.store.postgres.queries import sql

log = get_logger(__name__)
TASK = "forkjoin.wake"
ANY = "wake"
FETCH_SECONDS = 1.0
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
GRACE_SECONDS = 20.0
RETRY_SECONDS = 1.0
POOL_SECONDS = 5.0
"""A server that is away is noticed so soon: jobs whose end cannot be stored keep the worker from stopping."""


def queue_of(route: str) -> str:
    """The queue for runs whose next call goes to an external system; the common one if none is known."""
    return f"{ANY}.{route}" if route else ANY


def defer_wakes(connection: Connection, runs: Sequence[tuple[str, str]]) -> None:
    """Put wakes into the queue in the transaction of a connection: one for each (run, route)."""
    queues = [queue_of(route) for _, route in runs]
    connection.execute(sql("defer_wakes"), (TASK, [run_id for run_id, _ in runs], queues))
    channels = [*get_channel_for_queues(None), *get_channel_for_queues(sorted(set(queues)))]
    connection.execute(sql("notify_queues"), (channels,))


class Queue:
    """Takes jobs from the queue; begins again by itself when the database was away."""

    def __init__(
        self,
        dsn: str,
        wake: Callable[[str], Awaitable[None]],
        *,
        concurrency: int,
        reach: Sequence[str] | None,
    ) -> None:
        self._dsn = dsn
        self._wake = wake
        self._concurrency = concurrency
        self._queues = None if reach is None else [ANY, *(queue_of(name) for name in reach)]
        self._worker: QueueWorker | None = None
        self._jobs: BatchedJobs | None = None
        self._stopping = False
        self.given_back: list[str] = []
        """Runs whose jobs were taken and not begun when it was stopped."""
        # The library logs a line for each job; what matters is logged by the worker.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)

    @property
    def number(self) -> int | None:
        """Number of this worker in the queue; None while it takes no jobs."""
        return self._worker.worker_id if self._worker is not None else None

    @property
    def not_begun(self) -> list[str]:
        """Runs whose jobs were taken and wait to be begun."""
        return self._jobs.not_begun if self._jobs is not None else []

    async def run(self) -> None:
        """Take jobs until stopped."""
        pause = 0.5
        asyncio.get_running_loop().set_exception_handler(_handle_stray_error)
        while not self._stopping:
            app = App(connector=self._connector())

            @app.task(name=TASK, queue=ANY)
            async def wake(run_id: str) -> None:
                await self._wake(run_id)

            try:
                if not await self._wait_for_server():
                    break
                async with app.open_async():
                    app.job_manager = self._jobs = BatchedJobs(app.connector, max(1, self._concurrency // 5))
                    self._worker = QueueWorker(
                        app,
                        queues=self._queues,
                        name=TASK,
                        concurrency=self._concurrency,
                        fetch_job_polling_interval=FETCH_SECONDS,
                        install_signal_handlers=False,
                        delete_jobs="always",
                        update_heartbeat_interval=HEARTBEAT_SECONDS,
                        stalled_worker_timeout=STALLED_SECONDS,
                        shutdown_graceful_timeout=GRACE_SECONDS,
                    )
                    pause = 0.5
                    await self._worker.run()  # type: ignore[no-untyped-call]
                    self.given_back += await self._jobs.give_back()
                    if not self._stopping:
                        log.warning("queue.interrupted", problem="its worker stopped by itself", again_in_s=pause)
            except asyncio.CancelledError:
                raise
            except Exception as problem:
                why = said(problem.__cause__ or problem)
                log.warning("queue.interrupted", problem=f"{type(problem).__name__}: {why}", again_in_s=pause)
            finally:
                self._worker = self._jobs = None
            if not self._stopping:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)

    def _connector(self) -> PsycopgConnector:
        return PsycopgConnector(
            conninfo=self._dsn, min_size=1, max_size=4, timeout=POOL_SECONDS, reconnect_timeout=POOL_SECONDS
        )

    async def _wait_for_server(self) -> bool:
        """Wait until the server answers; False if stopped before.

        A pool that is opened while the server is away waits half a minute, even if the server is back sooner.
        """
        logged = False
        while not self._stopping:
            why = await silence(self._dsn)
            if not why:
                return True
            if not logged:
                log.warning("queue.waits", problem=why)
            logged = True
            await asyncio.sleep(RETRY_SECONDS)
        return False

    def stop(self) -> None:
        """Take no more jobs; those under way are finished."""
        self._stopping = True
        if self._worker is not None:
            with suppress(Exception):
                self._worker.stop()  # type: ignore[no-untyped-call]


def _handle_stray_error(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log an error nobody waits for; that the end of a job cannot be stored is expected where others ended it."""
    problem = context.get("exception")
    if isinstance(problem, ConnectorException):
        log.debug("queue.end_not_told", problem=problem)
    else:
        loop.default_exception_handler(context)
