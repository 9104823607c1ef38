"""Counts the calls to each target of an external system: how many, how many failed, how long they took."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable

from runtime.engine.apply import Observed, Unreached
from runtime.engine.draft import Draft
from runtime.engine.explain import lateness
from runtime.engine.explain.lateness import Durations
from runtime.engine.plan import Action
from runtime.model.heartbeat import TargetCalls
from runtime.model.target import full_name
from runtime.model.task import Completed

WINDOW_SECONDS = 300.0
KEPT = 2_000
Perform = Callable[[Action, Draft], Awaitable[Observed]]


class CallMeter:
    """Stands around `perform`; what it counted is written beside the heartbeat."""

    def __init__(
        self, perform: Perform, clock: Callable[[], float] = time.monotonic, durations: Durations | None = None
    ) -> None:
        self._perform = perform
        self._clock = clock
        self._calls: dict[str, deque[tuple[float, float, bool]]] = {}
        self._durations: dict[str, list[float]] = {name: list(known) for name, known in (durations or {}).items()}
        self.changed = False
        self.on_call: Callable[[Action, Observed], None] = lambda *_: None

    async def perform(self, action: Action, draft: Draft) -> Observed:
        """Make the call and count it."""
        observed = await self._perform(action, draft)
        self.on_call(action, observed)
        if action.verb != "local":
            name = full_name(action.system, action.target)
            calls = self._calls.get(name)
            if calls is None:
                calls = self._calls[name] = deque(maxlen=KEPT)
            calls.append((self._clock(), observed.took_ms, isinstance(observed.answer, Unreached)))
            self.changed = True
            if action.verb == "poll" and isinstance(observed.answer, Completed):
                self._took(action, draft, observed)
        return observed

    def _took(self, action: Action, draft: Draft, observed: Observed) -> None:
        visit = draft.branches[action.branch].current
        if visit is None or not visit.attempts:
            return
        attempt = visit.attempts[-1]
        known = self._durations.setdefault(f"{draft.run.workflow}/{action.step}", [])
        known.append(round((observed.at - (attempt.started_at or attempt.requested_at)).total_seconds(), 3))
        del known[: -lateness.KEPT]

    def durations(self) -> dict[str, list[float]]:
        """Seconds of the last completed attempts by `workflow/step`, oldest first."""
        return self._durations

    def summary(self) -> dict[str, TargetCalls]:
        """Calls by target over the last five minutes."""
        now = self._clock()
        found: dict[str, TargetCalls] = {}
        for name, calls in self._calls.items():
            while calls and now - calls[0][0] > WINDOW_SECONDS:
                calls.popleft()
            took = sorted(ms for _, ms, _ in calls)
            found[name] = TargetCalls(
                calls=len(took),
                failed=sum(bad for _, _, bad in calls),
                failed_last=bool(calls) and calls[-1][2],
                p50_ms=round(took[len(took) // 2], 1) if took else None,
                p95_ms=round(took[int(len(took) * 0.95)], 1) if took else None,
                seconds=round(min(WINDOW_SECONDS, now - calls[0][0]), 1) if calls else WINDOW_SECONDS,
            )
        self.changed = False
        return found
