"""Calls under way and their results: nothing on the way from a call to its save loses the result."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from runtime.clock import Clock
from runtime.engine.apply import Observed, Unreached
from runtime.engine.draft import Draft
from runtime.engine.observed import NotMade
from runtime.engine.plan import Action
from runtime.logs import get_logger
from runtime.safe_text import described
from runtime.scheduler.waking.crowds import Crowds
from runtime.scheduler.waking.limits import CallLimits, LocalLimits

log = get_logger(__name__)
CALLS_PER_TARGET = 16
PUT_OFF_SECONDS = (30.0, 90.0)
"""Between these a poll is put off at random, so that a crowd comes back spread."""
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
        self.crowds = Crowds()
        self._waiting: dict[asyncio.Task[None], tuple[str, Action]] = {}
        """Calls that wait for a place."""
        self._doubtful: set[asyncio.Task[None]] = set()
        """Calls that leave nobody able to say what came of them if they are cut off."""

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
        self._waiting[task] = (run_id, action)
        self.crowds.wait(action)
        if action.verb == "start" and (binding := draft.program.bindings.get(action.step)) is not None:
            if not binding.idempotent and not binding.finds:
                self._doubtful.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._doubtful.discard(task)
        self._waits_no_more(task)

    def _waits_no_more(self, task: asyncio.Task[None] | None) -> None:
        if task is not None and (waited := self._waiting.pop(task, None)) is not None:
            self.crowds.waits_no_more(waited[1])

    def put_off(self, run_id: str, action: Action) -> bool:
        """Put a poll off if more than enough calls wait for its target; false if it should be made.

        Whatever is due at one target, memory and the other targets are spared.
        """
        if action.verb != "poll" or not self.crowds.is_full(action):
            return False
        later = random.uniform(*PUT_OFF_SECONDS)
        self._slots.setdefault(run_id, set()).add(action.slot)
        self._results.append((run_id, Observed(action, NotMade(later), self._clock.now(), 0.0)))
        self.result_arrived.set()
        return True

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
                self._waits_no_more(asyncio.current_task())
                observed: Observed | None = None
                self.crowds.begins(action)
                try:
                    observed = await self.perform(action, draft)
                finally:
                    self.crowds.ends(action, observed)
                return observed
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

    async def finish(self, timeout: float, doubtful_timeout: float) -> None:
        """Make no call that waits for a place, and wait at most so many seconds for those under way.

        A call that leaves its work in doubt if it is cut off is waited for at most `doubtful_timeout` seconds.
        """
        self._give_back_waiting()
        if self._tasks:
            began = time.monotonic()
            await asyncio.wait(set(self._tasks), timeout=timeout)
            if self._doubtful:
                left = max(0.0, doubtful_timeout - (time.monotonic() - began))
                await asyncio.wait(set(self._doubtful), timeout=left)
        self.cancel()

    def _give_back_waiting(self) -> None:
        """A start is told as not made; of every other call there is nothing to tell, and the store has it due."""
        for task, (run_id, action) in list(self._waiting.items()):
            task.cancel()
            self._waits_no_more(task)
            if action.verb == "start":
                self._results.append((run_id, Observed(action, NotMade(), self._clock.now(), 0.0)))

    def cancel(self) -> None:
        """Cancel the calls under way."""
        for task in list(self._tasks):
            task.cancel()

    def forget(self) -> None:
        """Cancel the calls under way and drop all results."""
        self.cancel()
        self._slots.clear()
        self._results.clear()
