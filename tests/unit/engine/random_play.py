"""Plays a generated flow in a random order, demanding of every wake what docs/semantics.md, Wakes, promises."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime.engine.advance import Advance, advance, conclude
from runtime.engine.apply import Observed, Stopped
from runtime.engine.draft import Draft, is_token
from runtime.engine.plan import Action
from runtime.engine.results import results
from runtime.model.run import Firing
from runtime.model.status import ENDED_RUN, BranchStatus, RunStatus
from runtime.model.stored import Save
from runtime.model.task import Completed, Failed, Started
from tests.unit.engine.grammar import Made
from tests.unit.engine.play import Play

OPEN = (BranchStatus.PENDING, BranchStatus.STARTING, BranchStatus.AWAITING_RETRY)


class RandomPlay(Play):
    """A run whose calls are answered in a random order, some jobs polled, some answers taken together."""

    def __init__(self, made: Made, seed: int, failing: frozenset[str] = frozenset(), *, shuffled: bool = True) -> None:
        self.made = made
        self.chance = random.Random(seed)
        self.failing = failing
        self.fired: list[Firing] = []
        super().__init__(made.flow(self.chance if shuffled else None))

    def wake(self) -> None:
        self._checked(lambda: advance(self.situation, self.stored, in_flight=self.open.keys()))

    def answer_all(self, actions: Sequence[Action]) -> None:
        """Answer several calls in one save."""
        seen = []
        for action in actions:
            del self.open[action.slot]
            seen.append(Observed(action, self._answer_to(action), self.now, 1.0))
        self._checked(lambda: advance(self.situation, self.stored, seen, in_flight=self.open.keys()))

    def act(self, rule: Callable[[Draft], Any]) -> Any:
        effects = None

        def once() -> Advance:
            nonlocal effects
            draft = self.draft()
            effects = rule(draft)
            return conclude(draft, self.stored, in_flight=self.open.keys())

        self._checked(once)
        return effects

    def draft(self) -> Draft:
        """The records as a rule sees them."""
        return Draft(self.situation, self.run, self.stored.branches, self.stored.firings)

    def _checked(self, step: Callable[[], Advance]) -> None:
        first, again = step(), step()
        assert (first.stored, first.save, first.actions) == (again.stored, again.save, again.actions)
        self._take(first)
        if first.save is not None:
            self._check_save(first.save)

    def _check_save(self, save: Save) -> None:
        self.fired += save.firings
        run = save.run
        if run.status not in (*ENDED_RUN, RunStatus.WAITING, RunStatus.PAUSED) and not run.held:
            assert run.next_wake_at is not None, (run, self.open)
        if run.status is RunStatus.COMPLETED:
            assert not any(is_token(b) for b in self.branches.values())
        for firing in save.firings:
            width = self.made.width.get(firing.step_id)
            if width is not None and not firing.undone and firing.policy in ("allSettled", "all"):
                assert len(firing.arrived) + len(firing.failed) == width, firing

    def _answer_to(self, action: Action) -> Any:
        if action.verb == "cancel":
            return Stopped()
        if action.verb == "start" and self.chance.random() < 0.3:
            return Started(f"job-{action.step}")
        index = self.branches[action.branch].index
        name = action.step if index is None else f"{action.step}:{index}"
        if name in self.failing:
            return Failed(f"{name} broke", retryable=False)
        if action.step in self.made.loops:
            counter, turns = self.made.loops[action.step]
            return Completed(name, {counter: (self.run.state[counter] + 1) % turns})
        return Completed(name)

    def step_once(self) -> bool:
        """Answer something, or let time pass to the next wake; False when the run has come to rest."""
        if self.open:
            calls = list(self.open.values())
            self.answer_all(self.chance.sample(calls, self.chance.randint(1, min(2, len(calls)))))
            return True
        if self.run.next_wake_at is None:
            return False
        self.now = max(self.now, self.run.next_wake_at)
        self.wake()
        return True

    def rest(self, most: int = 3_000) -> None:
        """Play until the run comes to rest."""
        for _ in range(most):
            if not self.step_once():
                return
        raise AssertionError("the run does not come to rest")

    def results(self) -> Mapping[str, Any]:
        """Results of all steps that are tasks."""
        tasks = set(self.made.tasks())
        return {step: value for step, value in results(self.branches).items() if step in tasks}
