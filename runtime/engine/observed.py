"""What came of a call to an external system, as the engine takes it in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from runtime.engine.plan import Action
from runtime.model.task import Outcome


class Unreached(msgspec.Struct, frozen=True):
    """The external system could not be reached; `retry_after` in seconds if it said when to come back."""

    message: str
    type: str = "Unreachable"
    retry_after: float | None = None
    sent: bool = True
    """Whether the request may have been carried out."""


class Stopped(msgspec.Struct, frozen=True):
    """A cancel was answered."""


class Nothing(msgspec.Struct, frozen=True):
    """Asked for the work of a key, the system has none."""


class NotMade(msgspec.Struct, frozen=True):
    """The call was not made: who was to make it stops, or its target is crowded. It says nothing of the work."""

    later_s: float = 0.0
    """In how many seconds it is due again."""


Answer = Outcome | Unreached | Stopped | Nothing | NotMade


class Observed(msgspec.Struct, frozen=True):
    """What came of an action."""

    action: Action
    answer: Answer
    at: datetime
    took_ms: float
    state: Mapping[str, Any] | None = None
    """The state that the request held, if anything came of it that may change the state."""
    said: str = ""
    """What the system answered, word for word, cleaned and cut; empty if nobody took it down."""
