"""Calls under way and their results: nothing on the way from a call to its save loses the result."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from runtime.clock import Clock
from runtime.engine.apply import Observed, Unreached
from runtime.engine.draft import Draft
from runtime.engine.plan import Action
from runtime.logs import get_logger
from runtime.safe_text import described
from runtime.scheduler.waking.limits import CallLimits, LocalLimits

log = get_logger(__name__)
CALLS_PER_TARGET = 16
Slot = tuple[str, str, int, int]
"""What a call is for: branch, step, visit and attempt."""
Results = Mapping[str, list[Observed]]
"""Results of calls by run, in the order in which they arrived."""
Perform = Callable[[Action, Draft], Awaitable[Observed]]


class Calls:
    """Makes calls within limits; a run is busy from the start of a call until its result is being saved.

    A result that cannot be saved is put back, whatever the reason: else what was started would be started again, and
    Python code would run twice. One that was saved in spite of that changes nothing when it is applied again.
    """

    def __init__(self, perform: Perform, clock: Clock, limits: CallLimits | None = None) -> None:
        self.perform = perform
        self.limits = limits or LocalLimits(CALLS_PER_TARGET)
        self.result_arrived = asyncio.Event()
        self._clock = clock
        self._slots: dict[str, set[Slot]] = {}
        self._results: deque[tuple[str, Observed]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """Number of calls under way and results not yet saved."""
        return len(self._tasks) + len(self._results)

    @property
    def has_results(self) -> bool:
        """Whether results wait to be saved."""
        return bool(self._results)

    @property
    def busy_runs(self) -> Collection[str]:
        """Runs with calls under way or results that wait."""
        return self._slots.keys()

    def slots(self, run_id: str) -> Collection[Slot]:
        """What the calls of a run that are under way are for."""
        return self._slots.get(run_id, ())

    def begin(self, run_id: str, action: Action, draft: Draft) -> None:
        """Make a call beside everything else; needs a running event loop."""
        self._slots.setdefault(run_id, set()).add(action.slot)
        task = asyncio.get_running_loop().create_task(self._call(run_id, action, draft))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, run_id: str, action: Action, draft: Draft) -> None:
        self._results.append((run_id, await self._result(action, draft)))
        self.result_arrived.set()

    async def _result(self, action: Action, draft: Draft) -> Observed:
        """The result of a call once there was room for it; raises only when its task is cancelled.

        A call without a result would be under way for ever. So a problem beside the call is a result too: it says
        nothing of the work, and the call is made again later.
        """
        try:
            async with self.limits.of(action.system, action.target):
                return await self.perform(action, draft)
        except BaseException as problem:
            task = asyncio.current_task()
            if isinstance(problem, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            log.exception("call.failed", run=draft.run.id, branch=action.branch, verb=action.verb)
            message = f"The {action.verb} of {action.step} was not carried out: {described(problem)}"
            return Observed(action, Unreached(message, type(problem).__name__), self._clock.now(), 0.0)

    def take_results(self, runs: int) -> dict[str, list[Observed]]:
        """Take the results that wait of at most so many runs, oldest first; their runs stay busy until `end`."""
        taken: dict[str, list[Observed]] = {}
        while self._results and (len(taken) < runs or self._results[0][0] in taken):
            run_id, observed = self._results.popleft()
            taken.setdefault(run_id, []).append(observed)
        return taken

    def end(self, results: Results) -> None:
        """The calls with these results are over."""
        for run_id, observations in results.items():
            slots = self._slots.get(run_id, set())
            slots.difference_update(observed.action.slot for observed in observations)
            if not slots:
                self._slots.pop(run_id, None)

    def put_back(self, results: Results) -> None:
        """Let results wait again; their calls count as under way until they are saved."""
        for run_id, observations in results.items():
            if not observations:
                continue  # A run without a call that is called busy would never be moved again.
            self._slots.setdefault(run_id, set()).update(observed.action.slot for observed in observations)
            self._results.extend((run_id, observed) for observed in observations)

    @contextmanager
    def put_back_on_error(self, results: Results) -> Iterator[None]:
        """Put results back if the context ends with an exception, a cancellation too."""
        try:
            yield
        except BaseException:
            self.put_back(results)
            raise

    async def finish(self, timeout: float) -> None:
        """Wait at most so many seconds for the calls under way, then cancel those that are left."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)
        self.cancel()

    def cancel(self) -> None:
        """Cancel the calls under way."""
        for task in list(self._tasks):
            task.cancel()

    def forget(self) -> None:
        """Cancel the calls under way and drop all results."""
        self.cancel()
        self._slots.clear()
        self._results.clear()
