"""Calls that wait for a place at each target, and which targets have so many that more are put off."""

from __future__ import annotations

from runtime.engine.apply import Observed, Unreached
from runtime.engine.plan import Action

MANY = 1_000
"""Fewer calls that wait for one target are no crowd, however slow it is."""
LONGEST_WAIT_SECONDS = 10.0
"""A crowd waits longer than this, by how long the last calls took."""
SILENT_CALLS = 16
"""A target that left so many calls in a row unanswered is silent; so many that wait are enough to notice its return."""
WEIGHT = 0.2
"""Of the last call against those before it."""


class _Crowd:
    """The calls to one target."""

    __slots__ = ("making", "seconds", "unanswered", "waiting")

    def __init__(self) -> None:
        self.waiting = 0
        self.making = 0
        """Calls under way."""
        self.seconds = 0.0
        """How long a call takes."""
        self.unanswered = 0
        """Calls in a row."""

    @property
    def wait_seconds(self) -> float:
        """How long a further call would wait."""
        return self.waiting * self.seconds / max(1, self.making)


class Crowds:
    """Counts by system and target."""

    def __init__(self) -> None:
        self._crowds: dict[tuple[str, str], _Crowd] = {}
        self.waiting = 0
        """Calls that wait for a place, at all targets."""

    def _of(self, action: Action) -> _Crowd:
        return self._crowds.setdefault((action.system, action.target), _Crowd())

    def wait(self, action: Action) -> None:
        """A call waits for a place."""
        self.waiting += 1
        self._of(action).waiting += 1

    def waits_no_more(self, action: Action) -> None:
        """A call has its place, or was given up."""
        self.waiting -= 1
        self._of(action).waiting -= 1

    def begins(self, action: Action) -> None:
        """A call with a place is made."""
        self._of(action).making += 1

    def ends(self, action: Action, observed: Observed | None) -> None:
        """What came of it; None if it was cut off."""
        crowd = self._of(action)
        crowd.making -= 1
        if observed is None:
            return
        took = observed.took_ms / 1e3
        crowd.seconds = crowd.seconds + WEIGHT * (took - crowd.seconds) if crowd.seconds else took
        crowd.unanswered = crowd.unanswered + 1 if isinstance(observed.answer, Unreached) else 0

    def is_full(self, action: Action) -> bool:
        """Whether no more calls should wait for the target of this one: it is silent, or they would wait for long."""
        crowd = self._of(action)
        if crowd.unanswered >= SILENT_CALLS:
            return crowd.waiting >= SILENT_CALLS
        return crowd.waiting >= MANY and crowd.wait_seconds > LONGEST_WAIT_SECONDS

    @property
    def longest_wait_seconds(self) -> float:
        """How long a call would wait at the target where it would wait longest."""
        return max((crowd.wait_seconds for crowd in self._crowds.values()), default=0.0)

    @property
    def slowest(self) -> tuple[str, str] | None:
        """System and target for which a call would wait longest; where none waits, whose calls take longest."""
        crowds = self._crowds
        return max(crowds, key=lambda one: (crowds[one].wait_seconds, crowds[one].seconds), default=None)
