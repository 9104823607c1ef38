"""What a store knows of itself, each fact declared once: its key, its type, whether it belongs to one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from runtime.model.clock_setting import ClockState
from runtime.model.codec import to_document
from runtime.model.heartbeat import Heartbeat, TargetCalls, heartbeat_document
from runtime.model.record import Record

Value = TypeVar("Value")


class FactStore(Protocol):
    """Where facts are kept."""

    def get(self, key: str) -> Any:
        """The value under a key; None if there is none, or it cannot be read."""
        ...

    def put(self, key: str, value: object) -> None:
        """Store a value under a key."""
        ...


class Fact(msgspec.Struct, Generic[Value], frozen=True):
    """One fact: what it is called in the store, and what its value is."""

    key: str
    kind: type[Value]
    placed: bool = False
    """It belongs to one place and is not copied with the runs."""
    encode: Callable[[Value], Any] = to_document

    def read(self, facts: FactStore) -> Value | None:
        """Its value; None if it is not known."""
        value = facts.get(self.key)
        return None if value is None else msgspec.convert(value, self.kind)

    def write(self, facts: FactStore, value: Value | None) -> None:
        """Store its value; None: it is not known any more."""
        facts.put(self.key, None if value is None else self.encode(value))


class Home(Record, frozen=True):
    """The machine, and the directory there, where the local work of a system lies."""

    host: str
    directory: str


HEARTBEAT = Fact("scheduler", Heartbeat, placed=True, encode=heartbeat_document)
SYSTEMS = Fact("systems", dict[str, TargetCalls], placed=True)
"""Calls to each target lately."""
DURATIONS = Fact("durations", dict[str, list[float]])
"""Seconds of the last completed attempts by `workflow/step`, oldest first."""
EPOCH = Fact("epoch", int, placed=True)
"""Counts the schedulers that have driven an embedded store."""
MOVED_TO = Fact("moved_to", str, placed=True)
"""The store that the runs were moved to; this one is not driven any more."""
CLOCK = Fact("clock", ClockState, placed=True)
"""By how much the wall clock was set."""
COPIED = Fact("copied", str, placed=True)
"""The store that a copy is being made of; this one is not driven until the copy is whole."""
KNOWN: tuple[Fact[Any], ...] = (HEARTBEAT, SYSTEMS, DURATIONS, EPOCH, MOVED_TO, COPIED, CLOCK)

HOME = "home:"
"""How the keys of homes begin; the name of the system follows."""


def home_of(system: str) -> Fact[Home]:
    """Where the local work of a system lies."""
    return Fact(f"{HOME}{system}", Home, placed=True)
